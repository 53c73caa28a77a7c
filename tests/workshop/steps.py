"""Runs steps side by side, keeps a log of each, and says at the end what each one gave and how long it took."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TextIO

HEARTBEAT = 30.0
TAIL = 80
# Who has only the last lines of a run, as of one that a machine made, finds there what failed.
LAST_LINES = 12
# A play says what failed, and then tidies up for more lines than that.
TELLING = re.compile(r"\[ERROR\]|fatal: |failed: \[|FAILED")
# What pip says inside ansible-test is no help in finding what failed.
CHATTER = re.compile(
    r"\s*(Collecting|Downloading|Installing|Successfully installed|Using cached|━|Requirement already)"
)
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class StepError(Exception):
    """A step failed; the text is for people, the details are in the log."""


class Show(Enum):
    """What reaches the screen while a step runs."""

    QUIET = "only its end"
    MARKED = "each line, with the step's name before it"
    PLAIN = "each line as it is"


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests that a step ran."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: tuple[str, ...] = ()
    """Names of what failed, where the step knows them; the end of each log has been shown then."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.broken + other.broken,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One named piece of work."""

    name: str
    work: Callable[[Log], Counts | None]
    after: tuple[str, ...] = ()
    """Steps that must have passed before it starts."""
    show: Show = Show.QUIET
    following: tuple[str, ...] = ()
    """Steps that must have ended before it starts, however they ended."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended."""

    name: str
    seconds: float
    counts: Counts
    error: str | None = None
    ends: tuple[str, ...] = ()
    """What was said last, by each part that failed."""


@dataclass(slots=True)
class Log:
    """The log file of one step, and the only way in which steps start programs."""

    name: str
    path: Path
    show: Show
    environment: Mapping[str, str]
    directory: Path
    last: str = ""
    stopped: bool = False
    ends: list[str] = field(default_factory=list)
    """The last lines before each failure."""
    _file: TextIO | None = None
    _child: subprocess.Popen[str] | None = None

    def say(self, line: str) -> None:
        text = line.rstrip("\n")
        self.last = ESCAPES.sub("", text).strip() or self.last
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(f"{text}\n")
        self._file.flush()
        if self.show is Show.MARKED:
            _print(f"  {self.name} | {text}")
        elif self.show is Show.PLAIN:
            _print(text)

    def announce(self, line: str) -> None:
        """Say it, on the screen too."""
        self.say(line)
        if self.show is Show.QUIET:
            _print(f"  {self.name} | {line}")

    def run(
        self,
        *command: str | Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        deadline: float = 2400.0,
    ) -> str:
        """Run a program, log what it prints, return that; a failure is a :class:`StepError`."""
        code, output = self.attempt(*command, environment=environment, directory=directory, deadline=deadline)
        if code:
            raise StepError(f"{Path(command[0]).name} ended with {code}")
        return output

    def attempt(
        self,
        *command: str | Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        deadline: float = 2400.0,
    ) -> tuple[int, str]:
        """Like :meth:`run`, for programs whose failure is an answer."""
        if self.stopped:
            raise StepError("stopped")
        words = [str(word) for word in command]
        folder = directory or self.directory
        self.say(f"$ {' '.join(words)}")
        child = subprocess.Popen(
            words,
            env={**self.environment, "PWD": str(folder), **(environment or {})},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._child = child
        alarm = threading.Timer(deadline, end_group, [child])
        alarm.start()
        lines: list[str] = []
        try:
            assert child.stdout is not None
            for line in child.stdout:
                lines.append(line)
                self.say(line)
            code = child.wait()
        finally:
            expired = not alarm.is_alive()
            alarm.cancel()
            self._child = None
        if expired:
            raise StepError(f"{words[0]} was ended after {deadline:.0f} s")
        return code, "".join(lines)

    def stop(self) -> None:
        """End the program that is running now, and start no other."""
        self.stopped = True
        if self._child is not None:
            end_group(self._child)

    def show_end(self) -> None:
        """What was said last, on the screen, unless it is there already; the report repeats the last lines of it."""
        lines = self.tail().splitlines()
        telling = [line[:300] for line in lines[:-LAST_LINES] if TELLING.match(line)]
        self.ends.append("\n".join([*telling[-3:], *lines[-LAST_LINES:]]))
        if self.show is Show.QUIET:
            _print(f"\n───── {self.name}: the end of {self.path}\n{self.tail()}\n─────")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def tail(self) -> str:
        if not self.path.exists():
            return ""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return "\n".join([line for line in lines if not CHATTER.match(line)][-TAIL:])


@dataclass(slots=True)
class Runner:
    """Takes the first step in order that may start, with as many at once as there are workers."""

    steps: Sequence[Step]
    logs: Path
    environment: Mapping[str, str]
    directory: Path
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    results: dict[str, Result] = field(default_factory=dict)
    _running: dict[Future[Result], Log] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)

    def run(self) -> list[Result]:
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while self._start(pool) or self._running:
                    done, _rest = wait(self._running, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(future)
                    if not done:
                        self._heartbeat()
            except KeyboardInterrupt:
                _print("stopping; a lab that runs is removed by `make clean`")
                for log in self._running.values():
                    log.stop()
                raise
        return [self.results[step.name] for step in self.steps]

    def _start(self, pool: ThreadPoolExecutor) -> bool:
        """Start what may start; true when a step is left to wait for."""
        waiting = [step for step in self.steps if step.name not in self.results and step.name not in self._started]
        for step in waiting:
            ends = [self.results.get(name) for name in (*step.after, *step.following)]
            broken = [end for end in ends if end is not None and end.error and end.name in step.after]
            if broken:
                self._refuse(step, broken[0])
            elif None not in ends and len(self._running) < self.workers:
                self._launch(pool, step)
        return any(step.name not in self.results for step in self.steps)

    def _launch(self, pool: ThreadPoolExecutor, step: Step) -> None:
        if step.show is not Show.PLAIN:
            _print(f"▶ {step.name}")
        else:
            _print(f"\n━━ {step.name}")
        log = Log(step.name, self.logs / f"{step.name}.log", step.show, self.environment, self.directory)
        self._started[step.name] = time.monotonic()
        self._running[pool.submit(_carry_out, step, log)] = log

    def _refuse(self, step: Step, cause: Result) -> None:
        reason = f"not run: {cause.name} failed"
        _print(f"✘ {step.name}: {reason}")
        self.results[step.name] = Result(step.name, 0.0, Counts(failed=1), reason)

    def _finish(self, future: Future[Result]) -> None:
        log = self._running.pop(future)
        result = future.result()
        log.close()
        if result.error and not result.counts.broken:
            log.show_end()
        self.results[result.name] = replace(result, ends=tuple(log.ends))
        if result.error:
            _print(f"✘ {result.name}: {result.error} ({result.seconds:.1f} s)")
        else:
            _print(f"✔ {result.name} {result.seconds:.1f} s")

    def _heartbeat(self) -> None:
        now = time.monotonic()
        for log in self._running.values():
            if log.show is Show.QUIET:
                _print(f"  … {log.name}, {now - self._started[log.name]:.0f} s: {log.last[:100]}")


def report(results: Sequence[Result]) -> int:
    """Print the table of steps, what failed and the closing line; return the exit code."""
    total = sum((result.counts for result in results), Counts())
    width = max(len(name) for name in ("step", *(result.name for result in results)))
    _print("\n" + "step".ljust(width + 2) + "seconds  result")
    for result in results:
        counts = result.counts
        ran = f"{counts.passed} passed" if counts.passed > 1 else "passed"
        text = result.error or ran
        _print(f"{result.name.ljust(width + 2)}{result.seconds:7.1f}  {text}")
    for result in results:
        if result.error:
            _print("\n".join((f"\n✘ {result.name}: {result.error}", *result.ends)))
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    _print(f"\n{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if any(result.error for result in results) else 0


def end_group(child: subprocess.Popen[str]) -> None:
    """End a program that we started together with its children, by its own process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, sign)
            child.wait(5)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _carry_out(step: Step, log: Log) -> Result:
    began = time.monotonic()
    try:
        counts = step.work(log) or Counts(passed=1)
        error = f"{counts.failed} failed {', '.join(counts.broken)}".rstrip() if counts.failed else None
    except (StepError, OSError, subprocess.SubprocessError) as problem:
        log.say(str(problem))
        counts, error = Counts(failed=1), str(problem)
    return Result(step.name, time.monotonic() - began, counts, error)


def _print(text: str) -> None:
    print(text, flush=True)
