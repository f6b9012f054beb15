package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// screen is a place that both streams go to.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	asked atomic.Int32 // how often the follower has asked whether the container lives
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return s.String() == text }, 20*time.Second, time.Millisecond, "%q", text)
}

// follow prints a log as it grows, until end is called.
func follow(t *testing.T, dir string, o Options) (s *screen, end func() Report) {
	t.Helper()
	s = &screen{}
	if o.Out == nil {
		o.Out, o.Err = s, s
	}
	var ended atomic.Bool
	o.Alive = func() bool { s.asked.Add(1); return !ended.Load() }
	done := make(chan Report)
	go func() {
		report, err := Print(t.Context(), dir, o)
		assert.NoError(t, err)
		done <- report
	}()
	return s, func() Report {
		ended.Store(true)
		return <-done
	}
}

func TestFollow(t *testing.T) {
	for name, inotify := range map[string]bool{"inotify": true, "polling": false} {
		t.Run(name, func(t *testing.T) {
			if !inotify {
				inotifyInit = func(int) (int, error) { return -1, unix.EMFILE }
				defer func() { inotifyInit = unix.InotifyInit1 }()
			}
			dir := t.TempDir() + "/log"
			s, end := follow(t, dir, Options{Tail: -1})
			w, err := journal.Open(dir, 0, 0)
			require.NoError(t, err)
			w.Write(journal.Stdout, []byte("one\n"))
			s.shows(t, "one\n")
			w.Write(journal.Stderr, []byte("two\n"))
			s.shows(t, "one\ntwo\n")
			w.Write(journal.Stdout, []byte("thr"))
			w.Write(journal.Stderr, []byte("four\nfi"))
			s.shows(t, "one\ntwo\nfour\n")
			w.Write(journal.Stdout, []byte("ee\n"))
			s.shows(t, "one\ntwo\nfour\nthree\n")
			w.Close()
			end()
			s.shows(t, "one\ntwo\nfour\nthree\nfi")
		})
	}
}

func TestFollowTheLastLines(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := journal.Open(dir, 0, 0)
	require.NoError(t, err)
	w.Write(journal.Stdout, []byte("one\ntwo\nthr"))
	s, end := follow(t, dir, Options{Tail: 2})
	s.shows(t, "two\n")
	w.Write(journal.Stdout, []byte("ee\n"))
	s.shows(t, "two\nthree\n")
	none, endNone := follow(t, dir, Options{Tail: 0})
	late, endLate := follow(t, dir, Options{Tail: -1, Since: time.Now().Add(time.Hour)})
	require.Eventually(t, func() bool { return none.asked.Load() > 1 && late.asked.Load() > 1 }, 20*time.Second, time.Millisecond, "both have begun")
	w.Write(journal.Stdout, []byte("four\n"))
	none.shows(t, "four\n")
	s.shows(t, "two\nthree\nfour\n")
	w.Close()
	end()
	endNone()
	endLate()
	assert.Empty(t, late.String())
}

func TestFollowATerminal(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := journal.Open(dir, 0, 0)
	require.NoError(t, err)
	s, end := follow(t, dir, Options{Tail: -1, Terminal: true})
	w.Write(journal.Stdout, []byte("$ "))
	s.shows(t, "$ ")
	w.Close()
	end()
}

func TestFollowEndsWithUntil(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := journal.Open(dir, 0, 0)
	require.NoError(t, err)
	w.Write(journal.Stdout, []byte("one\n"))
	var out bytes.Buffer
	_, err = Print(t.Context(), dir, Options{Tail: -1, Until: time.Now().Add(200 * time.Millisecond), Out: &out, Err: &out, Alive: func() bool { return true }})
	require.NoError(t, err)
	assert.Equal(t, "one\n", out.String())
	w.Close()
}

func TestFollowEndsWithItsContext(t *testing.T) {
	dir := t.TempDir() + "/log"
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := Print(ctx, dir, Options{Tail: -1, Out: io.Discard, Err: io.Discard, Alive: func() bool { return true }})
	require.NoError(t, err)
}

// A writer that rotates as fast as it can, and readers of all kinds beside it: who follows and keeps pace gets every line; who does
// not is told; who prints what there is gets whole lines without a gap.
func TestRotationUnderReaders(t *testing.T) {
	for _, files := range []int{1 << 20, 3, 1} {
		t.Run(fmt.Sprint(files), func(t *testing.T) {
			dir := t.TempDir() + "/log"
			s, end := follow(t, dir, Options{Tail: -1})
			stamped, endStamped := follow(t, dir, Options{Tail: -1, Timestamps: true})
			require.Eventually(t, func() bool { return s.asked.Load() > 1 && stamped.asked.Load() > 1 }, 20*time.Second, time.Millisecond,
				"what is removed before they have looked, they do not count")
			var writing atomic.Bool
			writing.Store(true)
			var readers sync.WaitGroup
			for range 2 {
				readers.Go(func() {
					for writing.Load() {
						got, _ := printed(t, dir, Options{Tail: -1})
						checkNumbers(t, got, false)
						tail, _ := printed(t, dir, Options{Tail: 10})
						checkNumbers(t, tail, false)
						assert.LessOrEqual(t, strings.Count(tail, "\n"), 10)
					}
				})
			}
			w, err := journal.Open(dir, 20_000, files)
			require.NoError(t, err)
			random := rand.New(rand.NewPCG(9, 9))
			var text []byte
			const lines = 10_000
			for i := range lines {
				text = fmt.Appendf(text, "%d of %d\n", i/2, i%2)
				if i%2 == 0 || random.IntN(3) > 0 {
					w.Write(i%2, text)
					text = text[:0]
				} else {
					half := random.IntN(len(text))
					w.Write(i%2, text[:half])
					w.Write(i%2, text[half:])
					text = text[:0]
				}
			}
			w.Close()
			writing.Store(false)
			readers.Wait()
			report, reportStamped := end(), endStamped()
			checkNumbers(t, s.String(), report.Removed == 0)
			var bare strings.Builder
			for line := range strings.Lines(stamped.String()) {
				_, rest, _ := strings.Cut(line, " ")
				bare.WriteString(rest)
			}
			checkNumbers(t, bare.String(), reportStamped.Removed == 0)
			if files == 1<<20 {
				assert.Zero(t, report.Removed)
				want, _ := model(modelLines(t, dir), Options{Tail: -1})
				equal(t, want, s.String(), "the order of the two streams")
				assert.Equal(t, lines, strings.Count(s.String(), "\n"))
			}
		})
	}
}

// checkNumbers checks that every line is whole, and that those of a stream rise, by one where there may be no gap.
func checkNumbers(t *testing.T, text string, complete bool) {
	t.Helper()
	last := [2]int{-1, -1}
	for line := range strings.Lines(text) {
		var n, stream int
		var rest string
		got, _ := fmt.Sscanf(line, "%d of %d%s", &n, &stream, &rest)
		if got != 2 || stream < 0 || stream > 1 || line != fmt.Sprintf("%d of %d\n", n, stream) {
			// A reader that looks while a line is being written sees its beginning; that is the end of what it prints.
			if complete || !strings.HasSuffix(text, line) && strings.HasSuffix(line, "\n") {
				assert.Fail(t, "a torn line", "%q", line)
				return
			}
			continue
		}
		if n <= last[stream] || complete && n != last[stream]+1 {
			assert.Fail(t, "out of order", "%q after %d", line, last[stream])
			return
		}
		last[stream] = n
	}
}

func TestClosedOutput(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := journal.Open(dir, 0, 0)
	require.NoError(t, err)
	w.Write(journal.Stdout, bytes.Repeat([]byte("line\n"), 100_000))
	w.Close()
	for _, stamps := range []bool{false, true} {
		r, out, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, r.Close())
		_, err = Print(t.Context(), dir, Options{Tail: -1, Out: out, Err: out, Timestamps: stamps})
		assert.ErrorIs(t, err, unix.EPIPE)
		require.NoError(t, out.Close())
	}
}
