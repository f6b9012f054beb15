package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// paged lets $PAGER show what is longer than the screen. It is never chosen for somebody: without PAGER, and where the output is no
// terminal, everything is printed at once.
func paged(std streams, print func(streams) error) error {
	pager := os.Getenv("PAGER")
	size, err := unix.IoctlGetWinsize(int(std.out.Fd()), unix.TIOCGWINSZ)
	if pager == "" || pager == "cat" || err != nil || size.Row == 0 {
		return print(std)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return print(std)
	}
	collected := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(read)
		read.Close()
		collected <- text
	}()
	aside := std
	aside.out = write
	failed := print(aside)
	write.Close()
	text := <-collected
	if failed == nil && bytes.Count(text, []byte("\n")) >= int(size.Row) && runPager(std, pager, text) {
		return nil
	}
	if _, err := std.out.Write(text); err != nil {
		return err
	}
	return failed
}

// runPager says whether the pager has shown the text; one that cannot be run has not.
func runPager(std streams, pager string, text []byte) bool {
	interrupts := make(chan os.Signal, 1) // Ctrl-C is the pager's, which has the terminal
	signal.Notify(interrupts, unix.SIGINT)
	defer signal.Stop(interrupts)
	cmd := exec.Command("/bin/sh", "-c", pager)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), std.out, std.err
	cmd.Env = os.Environ()
	if !slices.ContainsFunc(cmd.Env, func(e string) bool { return strings.HasPrefix(e, "LESS=") }) {
		cmd.Env = append(cmd.Env, "LESS=FRX") // end at the end of one page, show colours, leave the text on the screen
	}
	_ = cmd.Run() // one that was left before the end has broken the pipe
	return cmd.ProcessState != nil && cmd.ProcessState.ExitCode() != 127 && cmd.ProcessState.ExitCode() != 126
}
