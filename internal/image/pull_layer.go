package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// layers gets all layers of an image into the store, several at once, the largest
// first: they decide how long it takes. The first error ends all.
func (p *pull) layers(ctx context.Context, blobs []descriptor, diffIDs []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	order := make([]int, len(blobs))
	meters := make([]*meter, len(blobs))
	for i, d := range blobs {
		order[i] = i
		meters[i] = &meter{progress: p.opt.Progress, event: Event{
			Layer: ShortID(d.Digest), Index: i, Layers: len(blobs), Total: d.Size,
		}}
		meters[i].phase(Waiting, "")
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(blobs[b].Size, blobs[a].Size) })

	var all sync.WaitGroup
	slots := make(chan struct{}, cmp.Or(max(p.opt.Parallel, 0), parallelLayers))
	for _, i := range order {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := p.layer(ctx, blobs[i], diffIDs[i], meters[i]); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// layer gets one. The lock of its partial file makes it one process's work; who
// waited finds it done.
func (p *pull) layer(ctx context.Context, blob descriptor, diffID string, m *meter) error {
	if p.hasLayer(diffID) {
		m.phase(AlreadyExists, "")
		return nil
	}
	part, err := lockPath(ctx, p.partial(blob.Digest), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("download layer %s: %w", ShortID(blob.Digest), err)
	}
	defer part.Close()
	if p.hasLayer(diffID) {
		os.Remove(part.Name())
		m.phase(AlreadyExists, "")
		return nil
	}
	err = p.download(ctx, part, blob, diffID, m)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, ErrDigest) {
		os.Remove(part.Name())
	}
	if err == nil {
		m.phase(PullComplete, "")
	}
	return err
}

// download goes on where part ends. If the digest is wrong then, part may be to
// blame, and all is fetched once more.
func (p *pull) download(ctx context.Context, part *os.File, blob descriptor, diffID string, m *meter) error {
	if p.hasBlob(blob.Digest) {
		if err := p.unpackBlob(ctx, blob, diffID, m); !errors.Is(err, ErrDigest) {
			return err
		}
		os.Remove(p.blob(blob.Digest)) // spoilt by a crash of the machine
	}
	begun, err := part.Seek(0, io.SeekEnd)
	if err == nil && begun > blob.Size {
		begun, err = 0, part.Truncate(0)
	}
	if err != nil {
		return fmt.Errorf("download layer %s: %w", ShortID(blob.Digest), err)
	}
	err = p.stream(ctx, part, begun, blob, diffID, m)
	if err == nil || begun == 0 || !errors.Is(err, ErrDigest) {
		return err
	}
	m.phase(Retrying, "the part from an earlier pull is spoilt")
	if err := part.Truncate(0); err != nil {
		return fmt.Errorf("download layer %s: %w", ShortID(blob.Digest), err)
	}
	return p.stream(ctx, part, 0, blob, diffID, m)
}

// stream is a layer's way: part's bytes first, then the registry's, which also go
// into part; unpacked on the way.
func (p *pull) stream(ctx context.Context, part *os.File, begun int64, blob descriptor, diffID string, m *meter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	net := &blobReader{ctx: ctx, client: p.client, digest: blob.Digest, size: blob.Size, off: begun,
		torn: func(err error) { m.phase(Retrying, err.Error()) }}
	defer net.Close()
	in := io.MultiReader(io.NewSectionReader(part, 0, begun), net)
	seen := int64(0)
	l, err := p.unpack(ctx, in, blob.Size, cancel, func(b []byte) error {
		// part already has what came from it: only what is new is appended.
		from := min(max(begun-seen, 0), int64(len(b)))
		if _, err := part.WriteAt(b[from:], seen+from); err != nil {
			return fmt.Errorf("keep layer %s: %w", ShortID(blob.Digest), err)
		}
		seen += int64(len(b))
		m.at(seen)
		return nil
	})
	if err := p.check(l, err, blob.Digest, diffID); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), p.blob(blob.Digest)); err != nil {
		l.discard()
		return fmt.Errorf("keep layer %s: %w", ShortID(blob.Digest), err)
	}
	return p.finish(l)
}

// unpackBlob is for a blob that is here without its layer.
func (p *pull) unpackBlob(ctx context.Context, blob descriptor, diffID string, m *meter) error {
	f, err := os.Open(p.blob(blob.Digest))
	if err != nil {
		return fmt.Errorf("unpack layer %s: %w", ShortID(blob.Digest), err)
	}
	defer f.Close()
	m.phase(Extracting, "")
	l, err := p.unpack(ctx, f, blob.Size, func() {}, func([]byte) error { return nil })
	if err := p.check(l, err, blob.Digest, diffID); err != nil {
		return err
	}
	os.Remove(p.partial(blob.Digest)) // only the lock
	return p.finish(l)
}

// check compares what came with what was promised. Wrong bytes make all kinds of
// errors on their way; that they are wrong is the one to tell.
func (p *pull) check(l *newLayer, err error, digest, diffID string) error {
	if l != nil && l.Blob != "" && l.Blob != digest {
		if err == nil {
			l.discard()
		}
		return fmt.Errorf("layer %s: %w: want %s, got %s", ShortID(digest), ErrDigest, digest, l.Blob)
	}
	if err != nil {
		return fmt.Errorf("layer %s: %w", ShortID(digest), err)
	}
	if l.DiffID != diffID {
		l.discard()
		return fmt.Errorf("layer %s: %w: the config promises the diff id %s, its content is %s", ShortID(digest), ErrDigest, diffID, l.DiffID)
	}
	return nil
}

func (p *pull) finish(l *newLayer) error {
	if err := l.commit(p.Store); err != nil {
		return err
	}
	p.mu.Lock()
	p.made = append(p.made, l.DiffID)
	p.mu.Unlock()
	return nil
}
