package unionfs

import (
	"errors"
	"sync"
	"sync/atomic"
)

// A slab is a buffer between the reader and the workers. Small files share one, a large file takes several in turn; it is free again when
// the last file in it is written. Their number is what bounds the memory of [Apply].
type slab struct {
	buf  []byte
	used int          // by the reader, who fills it
	refs atomic.Int32 // the reader, and each job with bytes in buf
	home *slabs
}

const (
	slabSize = 1 << 20
	slabMax  = 16
)

// slabPool keeps buffers from one layer to the next: an image has many.
var slabPool sync.Pool

// slabs hands out at most slabMax slabs.
type slabs struct {
	free chan *slab
	all  []*slab
}

var errStopped = errors.New("stopped")

// get returns a slab with one reference. It waits for one to be free, or returns errStopped when stop closes.
func (p *slabs) get(stop <-chan struct{}) (*slab, error) {
	select {
	case s := <-p.free:
		return s.reset(), nil
	default:
	}
	if len(p.all) < slabMax {
		s, _ := slabPool.Get().(*slab)
		if s == nil {
			s = &slab{buf: make([]byte, slabSize)}
		}
		s.home = p
		p.all = append(p.all, s)
		return s.reset(), nil
	}
	select {
	case s := <-p.free:
		return s.reset(), nil
	case <-stop:
		return nil, errStopped
	}
}

func (s *slab) reset() *slab {
	s.used = 0
	s.refs.Store(1)
	return s
}

func (s *slab) release() {
	if s != nil && s.refs.Add(-1) == 0 {
		s.home.free <- s // never blocks: free has room for all
	}
}

// close gives the buffers to the next layer. All jobs are done.
func (p *slabs) close() {
	for _, s := range p.all {
		s.home = nil
		slabPool.Put(s)
	}
	p.all = nil
}
