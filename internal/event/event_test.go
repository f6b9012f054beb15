package event_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/event"
)

func TestWrittenIsRead(t *testing.T) {
	root := t.TempDir()
	at := time.Unix(1700000000, 123456789)
	want := event.Event{
		Type: "container", Action: "start", ID: strings.Repeat("a", 64), Time: at,
		Attributes: map[string]string{"name": "web", "image": "box", "a \"label\"\n\x01": "tab\t é €"},
	}
	event.Write(root, want)
	event.Write(root, event.Event{Type: "network", Action: "create", ID: "n", Time: at.Add(time.Second)})
	list, err := event.Read(root)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.True(t, list[0].Time.Equal(at))
	list[0].Time = at
	assert.Equal(t, want, list[0])

	data, err := os.ReadFile(filepath.Join(root, "events"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(data), "\n")
	encoded, err := json.Marshal(want)
	require.NoError(t, err)
	assert.JSONEq(t, string(encoded), first, "by hand and by package json")
	assert.Contains(t, first, `"from":"box"`)
}

func TestNothingToReadAndNowhereToWrite(t *testing.T) {
	root := filepath.Join(t.TempDir(), "none")
	event.Write(root, event.Event{Type: "image", Action: "pull"})
	list, err := event.Read(root)
	require.NoError(t, err)
	assert.Empty(t, list)

	root = t.TempDir()
	require.NoError(t, unix.Mkfifo(filepath.Join(root, "events"), 0o600))
	event.Write(root, event.Event{Type: "image", Action: "pull"}) // does not wait for a reader
	_, err = event.Read(root)
	assert.ErrorContains(t, err, "no regular file")
}

func TestDamagedLines(t *testing.T) {
	root := t.TempDir()
	event.Write(root, event.Event{Type: "image", Action: "tag", ID: "one"})
	whole, err := os.ReadFile(filepath.Join(root, "events"))
	require.NoError(t, err)
	file, err := os.OpenFile(filepath.Join(root, "events"), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = file.Write(append(whole[:len(whole)/2:len(whole)/2], []byte(nil)...))
	require.NoError(t, err)
	event.Write(root, event.Event{Type: "image", Action: "tag", ID: "two"}) // follows half a line
	_, err = file.WriteString("\x00\x00nonsense\n{}\n" + strings.Repeat("x", 300<<10) + "\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	event.Write(root, event.Event{Type: "network", Action: "tag", ID: "three"})
	list, err := event.Read(root)
	require.NoError(t, err)
	var ids []string
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	assert.Equal(t, []string{"one", "two", "three"}, ids)
}

// Many write at once, more than one file takes, while somebody follows: nothing is lost and nothing comes twice.
func TestManyWritersAndAFollower(t *testing.T) {
	root := t.TempDir()
	const writers, each = 8, 2000
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen, twice := map[string]bool{}, 0
	done := make(chan error)
	go func() {
		done <- event.Follow(ctx, root, func(e event.Event) bool {
			if seen[e.ID] {
				twice++
			}
			seen[e.ID] = true
			return len(seen) < writers*each
		})
	}()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				event.Write(root, event.Event{Type: "container", Action: "start", ID: fmt.Sprintf("%d-%d", w, i), Attributes: map[string]string{"x": strings.Repeat("y", 200)}})
			}
		})
	}
	wg.Wait()
	require.NoError(t, <-done)
	assert.Len(t, seen, writers*each)
	assert.Zero(t, twice)
	assert.FileExists(t, filepath.Join(root, "events.1"), "the file was put aside once")
	info, err := os.Stat(filepath.Join(root, "events"))
	if err == nil {
		assert.Less(t, info.Size(), int64(event.MaxSize+writers*2048))
	}
}

func TestFollowEnds(t *testing.T) {
	root := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	assert.NoError(t, event.Follow(ctx, root, func(event.Event) bool { return true }))
}

func FuzzEvent(f *testing.F) {
	f.Add("start", "a\"b\\", "\x7f\xff")
	f.Fuzz(func(t *testing.T, action, key, value string) {
		root := t.TempDir()
		e := event.Event{Type: "image", Action: action, ID: value, Attributes: map[string]string{key: value}, Time: time.Unix(5, 0)}
		event.Write(root, e)
		list, err := event.Read(root)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, string([]rune(action)), list[0].Action, "what is not UTF-8 is U+FFFD")
	})
}

func BenchmarkWrite(b *testing.B) {
	root := b.TempDir()
	for b.Loop() {
		event.Write(root, event.Event{Type: "container", Action: "start", ID: strings.Repeat("a", 64), Attributes: map[string]string{"name": "web", "image": "box"}})
	}
}

// Several are written at once and in order; one that is too long takes no other with it.
func TestSeveralAtOnce(t *testing.T) {
	root := t.TempDir()
	event.Write(root)
	assert.NoFileExists(t, filepath.Join(root, "events"))
	event.Write(root,
		event.Event{Type: "container", Action: "exec_create: true", ID: "a"},
		event.Event{Type: "container", Action: "exec_create: " + strings.Repeat("x", 70<<10), ID: "b"},
		event.Event{Type: "container", Action: "exec_start: true", ID: "a"})
	list, err := event.Read(root)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "exec_create: true", list[0].Action)
	assert.Equal(t, "exec_start: true", list[1].Action)
}
