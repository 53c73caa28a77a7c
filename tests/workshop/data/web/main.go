// Command web is what tests run in pods: it serves, and it asks others that serve.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const patience = 5 * time.Second

func main() {
	words := append(os.Args[1:], "serve")
	var err error
	switch words[0] {
	case "serve":
		err = serve()
	case "get":
		err = get(words[1])
	case "lookup":
		err = lookup(words[1])
	case "count":
		err = count(words[1])
	default:
		err = fmt.Errorf("usage: web [serve | get URL | lookup NAME | count URL]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers with who we are and whom we saw, and finishes what it answers when it is told to end.
func serve() error {
	name, _ := os.Hostname()
	answer := func(to http.ResponseWriter, from *http.Request) { fmt.Fprintf(to, "%s saw %s\n", name, from.RemoteAddr) }
	server := http.Server{Addr: ":8080", Handler: http.HandlerFunc(answer)}
	go func() {
		<-ended()
		// Whoever sends requests here learns a moment later that he shouldn't.
		time.Sleep(3 * time.Second)
		server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func get(url string) error {
	client := http.Client{Timeout: patience}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", response.Status)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

func lookup(name string) error {
	addresses, err := net.LookupHost(name)
	fmt.Println(addresses)
	return err
}

// count asks ten times a second, each time over a new connection, and tells each failure and, at the end, how many there were.
func count(url string) error {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	end, tick := ended(), time.NewTicker(100*time.Millisecond)
	asked, failed := 0, 0
	for {
		select {
		case <-end:
			fmt.Printf("asked %d failed %d\n", asked, failed)
			return nil
		case <-tick.C:
			asked++
			response, err := client.Get(url)
			if err == nil {
				response.Body.Close()
			}
			if err != nil || response.StatusCode != http.StatusOK {
				failed++
				fmt.Println(time.Now().Format(time.RFC3339Nano), "failed:", err)
			}
			if asked%50 == 0 {
				fmt.Printf("asked %d failed %d\n", asked, failed)
			}
		}
	}
}

func ended() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	return signals
}
