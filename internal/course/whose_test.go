package course

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A neighbour's process that is newer than the learner's is not the one that a check speaks about.
func TestLikeliestIsSpokenAbout(t *testing.T) {
	b := newBench(t, "it: {process: {command: sleep 48031}}")
	mine := b.start("sleep 48031")
	b.until("process: {of: it}")
	assert.Empty(t, b.finding("process: {of: it, own: net}").Meant, "there is only one")

	other := b.stray("sleep 48031")
	b.until("process: {of: it, count: 2}")
	self := surroundingsOf(os.Getpid())
	b.view.look()
	for _, p := range b.view.all() {
		if p.PID == other && b.view.near(&p, self) {
			t.Skip("orphans go to somebody below the shell of this terminal")
		}
	}
	f := b.finding("process: {of: it, own: net}")
	require.False(t, f.OK)
	assert.Contains(t, f.Found, fmt.Sprintf("process %d (sleep 48031) is in net:", mine.Process.Pid))
	assert.Equal(t, fmt.Sprintf("process %d (sleep 48031) is the likeliest of 2 that match; `lab check 010 it=PID` names another.", mine.Process.Pid), f.Meant)

	b.view.Pinned = map[string]int{"it": other}
	f = b.finding("process: {of: it, own: net}")
	assert.Contains(t, f.Found, fmt.Sprintf("process %d ", other))
	assert.Empty(t, f.Meant, "the learner has said it")
}

func TestLikely(t *testing.T) {
	v := &View{Runs: []Run{{Session: -1, Since: 100}, {Session: 7, Since: 110}}, processes: []process{}}
	self := surroundings{sessions: []int{5}}
	for _, test := range []struct {
		what string
		p    process
		want int
	}{
		{"older than the lab, of another session", process{PID: 1 << 30, Session: 9, Start: 99}, 0},
		{"younger", process{PID: 1 << 30, Session: 9, Start: 100}, 1},
		{"of the learner's session", process{PID: 1 << 30, Session: 5, Start: 99}, 4},
		{"both", process{PID: 1 << 30, Session: 5, Start: 100}, 5},
		{"typed by lab", process{PID: 1 << 30, Session: 7, Start: 110}, 9},
		{"a session's number that is used again", process{PID: 1 << 30, Session: 7, Start: 105}, 1},
	} {
		assert.Equal(t, test.want, v.likely(&test.p, self), test.what)
	}
}

// stray starts a program that has left our session and our family, and returns its number.
func (b *bench) stray(line string) int {
	b.t.Helper()
	b.shell("(setsid sh -c 'echo $$ > stray.new; mv stray.new stray; exec " + line + "' > /dev/null 2>&1 &)")
	var pid int
	require.Eventually(b.t, func() bool {
		text, _ := os.ReadFile(b.work + "/stray")
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	}, 20*time.Second, 10*time.Millisecond)
	b.t.Cleanup(func() {
		if p, err := readProcess(pid); err == nil {
			assert.NoError(b.t, kill(p))
		}
	})
	return pid
}
