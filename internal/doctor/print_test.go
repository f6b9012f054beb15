package doctor

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *Report {
	return &Report{Root: true, Results: []Result{
		{Group: "machine", Name: "distribution", State: Yes, Need: Nice, NeededFor: "commands", Found: "Debian GNU/Linux 12 (bookworm), amd64"},
		{Group: "network", Name: "veth", State: Yes, Need: SomeLabs, NeededFor: "a cable between two namespaces"},
		{Group: "network", Name: "vxlan", State: No, Need: SomeLabs, NeededFor: "one network over two hosts", Found: "make a vxlan device: operation not supported", Mend: mendModule("vxlan"), Here: "sudo modprobe vxlan"},
		{Group: "network", Name: "other", State: No, Need: EveryLab, NeededFor: "the same", Found: "as bad", Mend: mendModule("vxlan"), Here: "sudo modprobe vxlan"},
		{Group: "storage", Name: "file system", State: Unknown, Need: EveryLab, NeededFor: "containers", Found: needsRoot},
		{Group: "storage", Name: "spare", State: Moot, Need: Nice, NeededFor: "nothing", Found: "done without"},
	}}
}

func print(t *testing.T, r *Report, s Style) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, r.Print(&b, s))
	return b.String()
}

func TestPrint(t *testing.T) {
	assert.Equal(t, `machine
  ✓ distribution          Debian GNU/Linux 12 (bookworm), amd64

network
  ✓ veth                  a cable between two namespaces
  ✗ vxlan                 one network over two hosts (some labs)
    make a vxlan device: operation not supported
      sudo modprobe vxlan
  ✗ other                 the same (every lab)
    as bad
    to be mended as vxlan is

storage
  – file system           containers (every lab)
    needs root to tell: sudo lab doctor
  – spare                 nothing: done without

Missing: 1 thing of what every lab needs, 1 thing of what some labs need. 1
thing could not be told.
`, print(t, sample(), Style{}))
}

func TestPrintPlainIsASCII(t *testing.T) {
	text := print(t, sample(), Style{Plain: true})
	assert.Regexp(t, `^[\n -~]*$`, text)
	assert.Contains(t, text, "  + veth")
	assert.Contains(t, text, "  x vxlan")
	assert.Contains(t, text, "  - file system")
}

func TestPrintColour(t *testing.T) {
	colours := regexp.MustCompile(`\x1b\[\d+m`)
	text := print(t, sample(), Style{Color: true})
	assert.Regexp(t, colours, text)
	assert.Equal(t, print(t, sample(), Style{}), colours.ReplaceAllString(text, ""))
}

func TestPrintAllDistributions(t *testing.T) {
	text := print(t, sample(), Style{All: true})
	for _, part := range []string{"Debian:", "Ubuntu:", "Fedora:", "WSL:", "elsewhere:", "linux-modules-extra", "dnf install", "wsl.exe --update"} {
		assert.Contains(t, text, part)
	}
}

// Every check as a cross, with a long reason: still 80 columns.
func TestPrintFits(t *testing.T) {
	r := &Report{}
	for _, c := range Checks() {
		r.Results = append(r.Results, Result{c.Group, c.Name, No, c.Need, c.NeededFor, strings.Repeat("reason ", 30), c.Mend, c.Mend.On(WSL)})
	}
	for _, s := range []Style{{}, {All: true}, {Plain: true}} {
		for line := range strings.Lines(print(t, r, s)) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
		}
	}
}

func TestSummary(t *testing.T) {
	assert.Equal(t, "Every lab can be done here.", (&Report{Results: []Result{{State: Yes, Need: EveryLab}, {State: No, Need: Nice}}}).Summary())
	assert.Equal(t, "Nothing is known to be missing. 1 thing could not be told; sudo lab doctor can.",
		(&Report{Results: []Result{{State: Unknown, Need: EveryLab}}}).Summary())
}
