package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/container-labs/lab/internal/kernel"
)

// Patience is how long one check may take; errSlow says it in words.
const Patience = 2 * time.Second

// Options say what the checks are about.
type Options struct {
	Store  string // the directory of images and containers; it need not exist
	Parent string // the control group below which lab makes its own; "" is the top

	// Note is told of each directory before a check makes it, so that somebody can remove it when lab is killed meanwhile;
	// nil is nobody. All have names that [Own] knows.
	Note func(dir string)
}

const prefix = "lab-doctor-"

// Own says whether a path can be of a directory that a check made: a control group, or a place in the store, whose name has a
// dot before it.
func Own(dir string) (group, place bool) {
	base := filepath.Base(dir)
	return strings.HasPrefix(base, prefix), strings.HasPrefix(base, "."+prefix)
}

func (b *Bench) note(dir string) {
	if b.Note != nil {
		b.Note(dir)
	}
}

// Result is a check and its answer.
type Result struct {
	Group     string `json:"group"`
	Name      string `json:"name"`
	State     State  `json:"state"`
	Need      Need   `json:"need"`
	NeededFor string `json:"needed_for"`
	Found     string `json:"found"`
	Mend      Mend   `json:"mend"` // by distribution
	Here      string `json:"here"` // the commands of Mend that are for this machine; "" unless State is No
}

// Report is all that was found.
type Report struct {
	OK      bool     `json:"ok"` // every lab can be done
	Machine Machine  `json:"machine"`
	Store   string   `json:"store"`
	Root    bool     `json:"root"` // whether lab ran as root
	Results []Result `json:"checks"`
}

// Run makes all checks, one after the other. It changes nothing that outlives it. When ctx ends it stops early and returns
// the context's error.
func Run(ctx context.Context, opt Options) (*Report, error) {
	b := &Bench{Machine: Look("/"), Options: opt, root: os.Geteuid() == 0, clone: kernel.Fork}
	return b.run(ctx, Checks())
}

func (b *Bench) run(ctx context.Context, checks []Check) (*Report, error) {
	r := &Report{Machine: b.Machine, Store: b.Store, Root: b.root, OK: true}
	for _, c := range checks {
		f := b.answer(ctx, c)
		switch {
		case f.State != No:
		case b.Machine.Proc == "none": // what else is missing is to be judged when lab can see
			f.Mend = mendProc
		case b.Machine.confines(f.cause):
			f.Mend = b.Machine.wayOut()
		case b.Machine.Proc == "other":
			f.Mend = mendOtherProc
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result := Result{c.Group, c.Name, f.State, c.Need, c.NeededFor, f.Text, c.Mend, ""}
		if f.Mend != (Mend{}) {
			result.Mend = f.Mend
		}
		if f.State == No && !errors.Is(f.cause, errNoClone3) {
			result.Here = result.Mend.On(b.Machine.Family)
		}
		r.Results = append(r.Results, result)
		r.OK = r.OK && (c.Need == Nice || f.State == Yes || f.State == Moot)
	}
	return r, nil
}

// answer tries, and gives up when patience ends: a child is killed then, and a call of lab's own that hangs (a dead network
// file system) is left to itself. On an interrupt it waits for the check to clean up behind itself.
func (b *Bench) answer(ctx context.Context, c Check) Finding {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	bench := *b
	bench.ctx = ctx
	found := make(chan Finding, 1)
	go func() {
		// A child is to die with lab (PR_SET_PDEATHSIG), which the kernel takes to mean this thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		found <- c.Try(&bench)
	}()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
	}
	select {
	case f := <-found: // the try noticed by itself
		return f
	case <-time.After(Patience / 4):
		return unknown(errSlow.Error())
	}
}

var errSlow = errors.New("no answer within two seconds; ask again, or on a quieter machine")
