package image

import (
	"sync"
	"time"
)

// A Phase is what happens to a layer, in docker's words.
type Phase string

const (
	Waiting       Phase = "Waiting"
	Downloading   Phase = "Downloading" // and unpacking what came
	Retrying      Phase = "Retrying"    // the connection broke; Event.Note says how
	Extracting    Phase = "Extracting"  // all is here, unpacking the rest
	PullComplete  Phase = "Pull complete"
	AlreadyExists Phase = "Already exists"
)

// An Event tells of one layer. Total is in compressed bytes, as the manifest says.
type Event struct {
	Layer          string // the short digest of its blob
	Index, Layers  int    // which of how many, base first
	Phase          Phase
	Current, Total int64
	Note           string
}

// A Progress gets every event of a pull, from several goroutines at once; it must
// be quick. Byte counts come at most ten times a second per layer.
type Progress func(Event)

const progressEvery = 100 * time.Millisecond

// A meter reports one layer's way.
type meter struct {
	mu       sync.Mutex
	progress Progress
	event    Event
	last     time.Time
}

func (m *meter) phase(p Phase, note string) {
	if m.progress == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.event.Phase, m.event.Note, m.last = p, note, time.Now()
	m.progress(m.event)
}

// at says how far the download is.
func (m *meter) at(current int64) {
	if m.progress == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.event.Current = current
	if current >= m.event.Total {
		m.event.Phase, m.event.Note = Extracting, ""
	} else {
		m.event.Phase, m.event.Note = Downloading, ""
		if time.Since(m.last) < progressEvery {
			return
		}
	}
	m.last = time.Now()
	m.progress(m.event)
}
