package doctor

// Check is one thing that a machine can do or not.
type Check struct {
	Group     string // heading: "kernel"
	Name      string // "overlay"
	Need      Need
	NeededFor string // "the root file system of every container"
	Try       func(*Bench) Finding
	Mend      Mend // what to type where the answer is No
}

// Need says who misses the thing.
type Need string

// From bad to harmless.
const (
	EveryLab Need = "every lab"
	SomeLabs Need = "some labs"
	Nice     Need = "nice to have"
)

// State is the answer in one word.
type State string

// The four answers. Unknown and Moot are both shown as a dash.
const (
	Yes     State = "yes"
	No      State = "no"
	Unknown State = "unknown" // only root can tell, or it took too long
	Moot    State = "moot"    // this machine does without
)

// Finding is the answer to a [Check].
type Finding struct {
	State State
	Text  string // what was found, or what went wrong, in one sentence; may be empty where State is Yes
	Mend  Mend   // replaces the check's own, where the try found the reason

	cause error // of No
}

func yes(text string) Finding     { return Finding{State: Yes, Text: text} }
func no(text string) Finding      { return Finding{State: No, Text: text} }
func failed(err error) Finding    { return Finding{State: No, Text: err.Error(), cause: err} }
func moot(text string) Finding    { return Finding{State: Moot, Text: text} }
func unknown(text string) Finding { return Finding{State: Unknown, Text: text} }

// needsRoot is what a dash says that only root can turn into a tick or a cross.
const needsRoot = "needs root to tell: sudo lab doctor"

// Mend is what a person types to get the thing, by distribution; lines are commands. An empty field is Any's.
type Mend struct {
	Any    string `json:"any,omitempty"`
	Debian string `json:"debian,omitempty"`
	Ubuntu string `json:"ubuntu,omitempty"`
	Fedora string `json:"fedora,omitempty"`
	WSL    string `json:"wsl,omitempty"`
}

// On returns the commands for one family of distributions.
func (m Mend) On(f Family) string {
	text := map[Family]string{Debian: m.Debian, Ubuntu: m.Ubuntu, Fedora: m.Fedora, WSL: m.WSL}[f]
	if text == "" {
		return m.Any
	}
	return text
}

// Family is a distribution and what descends from it. WSL comes first where it applies, and its commands are for it.
type Family string

// The families that have commands of their own.
const (
	Debian Family = "debian"
	Ubuntu Family = "ubuntu"
	Fedora Family = "fedora"
	WSL    Family = "wsl"
	Other  Family = "other"
)
