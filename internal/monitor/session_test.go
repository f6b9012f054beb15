package monitor

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/loop"
)

// The container has ended, and its monitor with it, before all that was typed could be taken. What it printed is printed.
func TestOutputOfOneWhoDidNotListen(t *testing.T) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	out, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer out.Close()
	_, err = unix.Write(p[1], []byte{loop.Input, 'x'})
	require.NoError(t, err)
	text := strings.Repeat("text", 1000)
	for _, packet := range []string{string(rune(loop.Stdout)) + text, string(rune(loop.Exited)) + "7"} {
		_, err = unix.Write(p[0], []byte(packet))
		require.NoError(t, err)
	}
	require.NoError(t, unix.Close(p[0]))
	result, err := (&Session{Conn: p[1], Out: out, Process: -1, ToTheEnd: true}).Do()
	require.NoError(t, err)
	assert.Equal(t, Result{Exited: true, Code: 7}, result)
	got, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
}
