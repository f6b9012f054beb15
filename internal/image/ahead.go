package image

import (
	"io"
	"sync"
)

// ahead reads from r in a goroutine of its own, a few buffers further than its
// reader, so that downloading, decompressing, hashing and unpacking overlap.
type ahead struct {
	full  chan []byte
	empty chan []byte
	stop  chan struct{}
	once  sync.Once
	done  chan struct{}
	err   error // of r; read after full is closed

	whole, rest []byte
}

const (
	aheadBytes   = 128 << 10
	aheadBuffers = 4
)

var buffers = sync.Pool{New: func() any { return new([aheadBytes]byte) }}

// readAhead calls see with all bytes, in order and in the goroutine, before they
// can be read. The reader must be closed; that waits for a Read of r in progress.
func readAhead(r io.Reader, see func([]byte) error) *ahead {
	a := &ahead{
		full:  make(chan []byte, aheadBuffers),
		empty: make(chan []byte, aheadBuffers),
		stop:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	for range aheadBuffers {
		a.empty <- buffers.Get().(*[aheadBytes]byte)[:]
	}
	go a.run(r, see)
	return a
}

func (a *ahead) run(r io.Reader, see func([]byte) error) {
	defer close(a.done)
	defer close(a.full)
	for {
		var buf []byte
		select {
		case buf = <-a.empty:
		case <-a.stop:
			a.err = io.ErrClosedPipe
			return
		}
		n, err := fill(r, buf[:aheadBytes])
		if n > 0 {
			if seeErr := see(buf[:n]); seeErr != nil {
				a.err = seeErr
				return
			}
			select {
			case a.full <- buf[:n]:
			case <-a.stop:
				a.err = io.ErrClosedPipe
				return
			}
		}
		if err != nil {
			a.err = err
			return
		}
	}
}

// fill reads until buf is half full: small reads would cost a switch of
// goroutines each.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf)/2 && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(a.rest) == 0 {
		a.recycle()
		buf, ok := <-a.full
		if !ok {
			return 0, a.err
		}
		a.whole, a.rest = buf, buf
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

func (a *ahead) recycle() {
	if a.whole != nil {
		a.empty <- a.whole
		a.whole = nil
	}
}

// Close ends the goroutine and waits for it.
func (a *ahead) Close() error {
	a.once.Do(func() {
		close(a.stop)
		<-a.done
		a.recycle()
		for buf := range a.full {
			a.empty <- buf
		}
		for range len(a.empty) {
			buf := <-a.empty
			buffers.Put((*[aheadBytes]byte)(buf[:aheadBytes]))
		}
	})
	return nil
}
