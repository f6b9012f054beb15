package replay

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// A container that is removed while its log is read: who reads it gets all of it, or is told.
func TestRemovedWhileRead(t *testing.T) {
	const remove = true
	type test struct {
		before   func(home string) // what is there when the reader comes
		lives    []func(home string)
		remove   bool // in the end
		follow   bool
		partSize int64
		want     string
		gone     bool
	}
	say := func(number, stream int, text string) func(home string) {
		return func(home string) {
			part := filepath.Join(home, "log", journal.PartName(number))
			require.NoError(t, os.MkdirAll(part, 0o700))
			var sizes [2]int
			sizes[stream] = len(text)
			require.NoError(t, os.WriteFile(filepath.Join(part, journal.Names[stream]), []byte(text), 0o600))
			require.NoError(t, os.WriteFile(part+"/times", fmt.Appendf(nil, "1700000000000000000 %d %d\n", sizes[0], sizes[1]), 0o600))
		}
	}
	nothing := func(string) {}
	without := func(say func(string), names ...string) func(home string) {
		return func(home string) {
			say(home)
			for _, name := range names {
				require.NoError(t, os.RemoveAll(filepath.Join(home, name)))
			}
		}
	}
	both := func(a, b func(string)) func(string) { return func(home string) { a(home); b(home) } }
	gone := func(home string) { require.NoError(t, os.RemoveAll(home)) }
	one := say(1, journal.Stdout, "one\n")
	for name, test := range map[string]test{
		"it stays":                       {before: one, want: "one\n"},
		"it stays, silent":               {before: nothing},
		"it has gone":                    {before: gone, remove: remove, gone: true},
		"it has gone, before -f":         {before: gone, remove: remove, follow: true, gone: true},
		"it goes after the look":         {before: one, remove: remove, want: "one\n"},
		"its times have gone":            {before: without(one, "log/000001/times"), remove: remove, want: "one\n", gone: true},
		"a stream has gone":              {before: without(one, "log/000001/stdout"), remove: remove, gone: true},
		"its first part has gone":        {before: both(without(one, "log/000001"), say(2, 0, "two\n")), remove: remove, want: "two\n", gone: true},
		"the part between has gone":      {before: both(one, say(3, 0, "three\n")), remove: remove, want: "one\nthree\n", gone: true},
		"it was about to begin a part":   {before: one, remove: remove, partSize: 10, want: "one\n", gone: true},
		"its first parts went long ago":  {before: say(7, 0, "seven\n"), follow: true, lives: []func(string){nothing, nothing}, remove: remove, want: "seven\n"},
		"it was silent all the time":     {before: nothing, follow: true, lives: []func(string){nothing, nothing, gone}, remove: remove},
		"it says something and goes":     {before: nothing, follow: true, lives: []func(string){nothing, nothing, both(one, gone)}, remove: remove, gone: true},
		"it says something, and is seen": {before: nothing, follow: true, lives: []func(string){nothing, one, nothing}, remove: remove, want: "one\n"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir() + "/home"
			require.NoError(t, os.Mkdir(home, 0o700))
			test.before(home)
			var out bytes.Buffer
			o := Options{Tail: -1, Out: &out, Err: &out, PartSize: test.partSize, Intact: func() bool { return !test.remove }}
			step := 0
			if test.follow {
				o.Alive = func() bool {
					step++
					if step > len(test.lives) {
						return false
					}
					test.lives[step-1](home)
					_, err := os.Stat(home)
					return err == nil
				}
			}
			report, err := Print(t.Context(), home+"/log", o)
			require.NoError(t, err)
			assert.Equal(t, test.want, out.String())
			assert.Equal(t, test.gone, report.Gone)
		})
	}
}

// Without inotify nobody knows what was made and removed between two looks.
func TestRemovedUnseen(t *testing.T) {
	inotifyInit = func(int) (int, error) { return -1, unix.EMFILE }
	defer func() { inotifyInit = unix.InotifyInit1 }()
	home, step := t.TempDir()+"/home", 0
	require.NoError(t, os.Mkdir(home, 0o700))
	var out bytes.Buffer
	report, err := Print(t.Context(), home+"/log", Options{
		Tail: -1, Out: &out, Err: &out, Intact: func() bool { return false }, Alive: func() bool { step++; return step < 4 },
	})
	require.NoError(t, err)
	assert.True(t, report.Gone)
}
