package unionfs

import (
	"container/list"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// unpacker is one run of Apply: a reader, who alone knows the tree and decides on order, and workers, who make files.
//
// Order is kept by one rule: a job needs nothing but its directory, and the reader starts no second job for a name before the first is done.
// So jobs may be done in any order; what depends on more (directories, hard links, a file in a directory's place) the reader does itself.
type unpacker struct {
	opt   ApplyOptions
	sum   Applied
	left  int64 // entries that may still come
	umask uint32
	uid   int    // owner of what this process makes in the layer
	gid   int    //
	sgid  uint32 // mode bit that directories inherit

	root     *dir
	last     *dir // where the last entry went
	lastPath string
	opened   *list.List // directories with a descriptor, the one used last in front

	slabs   slabs
	filling *slab

	jobs    chan *job
	workers sync.WaitGroup

	mu      sync.Mutex
	pending map[slot]struct{} // jobs not yet done
	waiting bool              // the reader sleeps on changed
	changed sync.Cond
	err     error         // the first
	stop    chan struct{} // closed with err
}

// slot is a name in a directory.
type slot struct {
	dir  *dir
	name string
}

const (
	queueLen   = 256
	maxSkipped = 100
)

func (u *unpacker) init(rootfd int) {
	u.root = &dir{fd: rootfd}
	u.opened = list.New()
	u.slabs.free = make(chan *slab, slabMax)
	u.jobs = make(chan *job, queueLen)
	u.pending = map[slot]struct{}{}
	u.changed.L = &u.mu
	u.stop = make(chan struct{})
}

func (u *unpacker) start() {
	for range u.opt.workers() {
		u.workers.Go(func() {
			for j := range u.jobs {
				u.do(j)
			}
		})
	}
}

func (u *unpacker) do(j *job) {
	if u.failed() == nil {
		if err := u.work(j.dir.fd, j); err != nil && !errors.Is(err, errStopped) {
			u.fail(fmt.Errorf("unpack %q: %w", j.dir.path()+"/"+j.name, err))
		}
	}
	if j.more != nil {
		for s := range j.more { // after an error: the reader may be about to send one more
			s.release()
		}
	}
	j.slab.release()
	u.mu.Lock()
	delete(u.pending, slot{j.dir, j.name})
	j.dir.refs--
	if u.waiting {
		u.changed.Signal()
	}
	u.mu.Unlock()
}

// queue hands j to the workers, its directory open.
func (u *unpacker) queue(j *job) error {
	if _, err := u.open(j.dir); err != nil {
		j.slab.release()
		return err
	}
	u.mu.Lock()
	u.pending[slot{j.dir, j.name}] = struct{}{}
	j.dir.refs++
	u.mu.Unlock()
	u.jobs <- j // workers take jobs even after an error
	return nil
}

func (u *unpacker) busy(s slot) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.pending[s]
	return ok
}

// wait returns when no job for s is left; waitAll when no job is left.
func (u *unpacker) wait(s slot) error {
	return u.until(func() bool { _, ok := u.pending[s]; return !ok })
}

func (u *unpacker) waitAll() error {
	return u.until(func() bool { return len(u.pending) == 0 })
}

func (u *unpacker) until(done func() bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = true
	for !done() {
		u.changed.Wait()
	}
	u.waiting = false
	return u.err
}

func (u *unpacker) hold(dirs ...*dir) {
	u.mu.Lock()
	for _, d := range dirs {
		d.refs++
	}
	u.mu.Unlock()
}

func (u *unpacker) unhold(dirs ...*dir) {
	u.mu.Lock()
	for _, d := range dirs {
		d.refs--
	}
	u.mu.Unlock()
}

// fail records the first error and stops everyone.
func (u *unpacker) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil {
		u.err = err
		close(u.stop)
	}
}

func (u *unpacker) failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// skip notes what is left out. Workers call it too.
func (u *unpacker) skip(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sum.SkippedCount++
	if len(u.sum.Skipped) < maxSkipped {
		u.sum.Skipped = append(u.sum.Skipped, fmt.Sprintf(format, args...))
	}
}

func (u *unpacker) join() {
	close(u.jobs)
	u.workers.Wait()
}

func (u *unpacker) close() {
	for u.opened.Len() > 0 {
		u.closeDir(u.opened.Front().Value.(*dir))
	}
	unix.Close(u.root.fd)
	u.filling.release()
	u.slabs.close()
}
