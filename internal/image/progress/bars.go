package progress

import (
	"io"
	"sync"

	"github.com/docker/go-units"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/container-labs/lab/internal/image"
)

// Bars redraws a line per layer. The second value ends the display: what did not
// get ready stays as it was.
func Bars(w io.Writer) (image.Progress, func()) {
	b := &bars{all: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithWidth(40)), layers: map[int]*layerBar{}}
	return b.event, b.end
}

type bars struct {
	mu     sync.Mutex
	all    *mpb.Progress
	layers map[int]*layerBar
	ended  bool
}

type layerBar struct {
	*mpb.Bar
	mu   sync.Mutex
	last image.Event
}

func (b *bars) event(e image.Event) {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return
	}
	l := b.layers[e.Index]
	if l == nil {
		l = b.add(e)
		b.layers[e.Index] = l
	}
	b.mu.Unlock()

	l.mu.Lock()
	l.last = e
	l.mu.Unlock()
	switch e.Phase {
	case image.PullComplete, image.AlreadyExists:
		l.SetTotal(-1, true)
	default:
		// Never the whole: mpb takes that for the end, and unpacking still goes on.
		l.SetCurrent(min(e.Current, max(e.Total-1, 0)))
	}
}

func (b *bars) add(e image.Event) *layerBar {
	l := &layerBar{last: e}
	bar := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]").Build()
	filler := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		if phase := l.event().Phase; phase != image.Downloading && phase != image.Extracting {
			return nil
		}
		return bar.Fill(w, s)
	})
	l.Bar = b.all.MustAdd(max(e.Total, 1), filler,
		mpb.BarPriority(e.Index),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string {
			e := l.event()
			if e.Phase == image.Retrying {
				return e.Layer + ": " + string(e.Phase) + ": " + e.Note + " "
			}
			return e.Layer + ": " + string(e.Phase) + " "
		})),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			e := l.event()
			if e.Phase != image.Downloading && e.Phase != image.Extracting {
				return ""
			}
			return " " + units.HumanSize(float64(e.Current)) + "/" + units.HumanSize(float64(e.Total))
		})))
	return l
}

func (l *layerBar) event() image.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (b *bars) end() {
	b.mu.Lock()
	b.ended = true
	for _, l := range b.layers {
		if l.IsRunning() {
			l.Abort(false)
		}
	}
	b.mu.Unlock()
	b.all.Wait()
}
