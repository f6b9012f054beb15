package capability

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestNumbersAreTheKernels(t *testing.T) {
	assert.EqualValues(t, unix.CAP_CHOWN, CHOWN)
	assert.EqualValues(t, unix.CAP_NET_ADMIN, NET_ADMIN)
	assert.EqualValues(t, unix.CAP_SYS_CHROOT, SYS_CHROOT)
	assert.EqualValues(t, unix.CAP_SYS_ADMIN, SYS_ADMIN)
	assert.EqualValues(t, unix.CAP_MKNOD, MKNOD)
	assert.EqualValues(t, unix.CAP_SETFCAP, SETFCAP)
	assert.EqualValues(t, unix.CAP_SYSLOG, SYSLOG)
	assert.EqualValues(t, 40, CHECKPOINT_RESTORE)
	assert.EqualValues(t, unix.CAP_LAST_CAP, CHECKPOINT_RESTORE)
	for i, name := range names {
		c, err := Parse(name)
		require.NoError(t, err)
		assert.EqualValues(t, i, c)
		assert.Equal(t, name, c.String())
	}
	assert.Equal(t, "CAP_41", Cap(41).String())
}

func TestParse(t *testing.T) {
	for _, name := range []string{"NET_ADMIN", "CAP_NET_ADMIN", "net_admin", "cap_Net_Admin"} {
		c, err := Parse(name)
		require.NoError(t, err, name)
		assert.Equal(t, NET_ADMIN, c, name)
	}
}

func TestUnknownNamesListNearOnes(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"SYS_ADMN", `unknown capability "SYS_ADMN"; near names are CAP_SYS_ADMIN`},
		{"netadmin", `unknown capability "netadmin"; near names are CAP_NET_ADMIN`},
		{"CAP_ADMIN", `unknown capability "CAP_ADMIN"; near names are CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_MAC_ADMIN`},
		{"frobnicate", `unknown capability "frobnicate"; capabilities(7) lists them all`},
		{"", `unknown capability ""`},
		{"ALL", `unknown capability "ALL"`},
		{strings.Repeat("X", 1<<20), `; capabilities(7) lists them all`},
	} {
		_, err := Parse(test.name)
		require.ErrorIs(t, err, ErrUnknown)
		assert.Contains(t, err.Error(), test.want)
	}
}

func TestSet(t *testing.T) {
	s := Of(SYS_ADMIN, CHOWN).Add(BPF).Drop(SYS_ADMIN)
	assert.True(t, s.Has(CHOWN))
	assert.False(t, s.Has(SYS_ADMIN))
	assert.False(t, s.Has(200))
	assert.Equal(t, s, s.Add(200))
	assert.Equal(t, s, s.Drop(64))
	assert.Equal(t, []string{"CAP_CHOWN", "CAP_BPF"}, s.Names())
	assert.Equal(t, []Cap{CHOWN, BPF}, s.Caps())
	assert.Equal(t, "CAP_CHOWN,CAP_BPF", s.String())

	text, err := json.Marshal(Set(0).Names())
	require.NoError(t, err)
	assert.Equal(t, "[]", string(text))

	back, err := FromNames(s.Names())
	require.NoError(t, err)
	assert.Equal(t, s, back)
	_, err = FromNames([]string{"CHOWN", "NOPE"})
	assert.ErrorIs(t, err, ErrUnknown)
}

func TestDefaultIsDockers(t *testing.T) {
	// CapBnd of a process in `docker run` without flags.
	assert.EqualValues(t, 0xa80425fb, Default)
	assert.Len(t, Default.Names(), 14)
}

func TestTweak(t *testing.T) {
	kernel := upTo(SYS_ADMIN)
	for name, test := range map[string]struct {
		add, drop []string
		want      Set
	}{
		"nothing":             {nil, nil, Of(CHOWN, KILL)},
		"add":                 {[]string{"sys_admin"}, nil, Of(CHOWN, KILL, SYS_ADMIN)},
		"drop":                {nil, []string{"CAP_KILL"}, Of(CHOWN)},
		"drop what is absent": {nil, []string{"SETUID"}, Of(CHOWN, KILL)},
		"both: add wins":      {[]string{"KILL"}, []string{"KILL"}, Of(CHOWN, KILL)},
		"drop all":            {nil, []string{"all"}, 0},
		"drop all, add one":   {[]string{"SETUID"}, []string{"ALL"}, Of(SETUID)},
		"add all":             {[]string{"All"}, nil, kernel},
		"add all, drop one":   {[]string{"ALL"}, []string{"KILL"}, kernel.Drop(KILL)},
		"all and all":         {[]string{"ALL"}, []string{"ALL"}, kernel},
		"drop one too new":    {nil, []string{"BPF"}, Of(CHOWN, KILL)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tweak(Of(CHOWN, KILL), test.add, test.drop, kernel)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	_, err := tweak(0, []string{"NOPE"}, nil, kernel)
	assert.ErrorIs(t, err, ErrUnknown)
	_, err = tweak(0, nil, []string{"CAP_ALL"}, kernel)
	assert.ErrorIs(t, err, ErrUnknown)
	_, err = tweak(0, []string{"BPF"}, nil, kernel)
	assert.ErrorIs(t, err, ErrNotInKernel)
	assert.EqualError(t, err, "add CAP_BPF: capability is newer than the running kernel")

	got, err := Tweak(Default, []string{"ALL"}, []string{"CHOWN"})
	require.NoError(t, err)
	assert.Equal(t, All().Drop(CHOWN), got)
}

func TestLast(t *testing.T) {
	text, err := os.ReadFile(lastCapFile)
	require.NoError(t, err)
	assert.Equal(t, parseLast(string(text)), Last())
	assert.EqualValues(t, 37, parseLast("37\n"))
	assert.EqualValues(t, 40, parseLast("nonsense"))
	assert.EqualValues(t, 40, parseLast("64"))
	assert.Equal(t, ^Set(0), upTo(63))
	assert.EqualValues(t, 1, upTo(0))
}

func FuzzParse(f *testing.F) {
	f.Add("NET_ADMIN")
	f.Add("cap_sys_admn")
	f.Fuzz(func(t *testing.T, name string) {
		c, err := Parse(name)
		if err == nil {
			again, err := Parse(c.String())
			require.NoError(t, err)
			require.Equal(t, c, again)
		}
	})
}
