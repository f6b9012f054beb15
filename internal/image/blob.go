package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A blobReader reads one blob from a registry, from offset off on. A connection
// that breaks or stalls is opened again where it ended: with Range if the
// registry knows it, else by reading over what is known. It believes nothing: who
// reads it checks the digest.
type blobReader struct {
	ctx    context.Context
	client *client
	digest string
	size   int64
	off    int64
	torn   func(error) // told of each broken connection

	body     io.ReadCloser
	cancel   context.CancelCauseFunc
	watchdog *time.Timer
	failures int // since the last byte
	reopened int // in all
}

// maxReopened keeps a registry that hands out a blob byte by byte from holding
// a pull for ever.
const maxReopened = 100

var errStalled = errors.New("no data for too long")

func (b *blobReader) what() string { return "download layer " + ShortID(b.digest) }

func (b *blobReader) Read(p []byte) (int, error) {
	for b.off < b.size {
		if b.body == nil {
			if err := b.open(); err != nil {
				return 0, err
			}
		}
		b.watchdog.Reset(b.client.patience.stall)
		n, err := b.body.Read(p[:min(int64(len(p)), b.size-b.off)])
		b.watchdog.Stop()
		b.off += int64(n)
		if n > 0 {
			b.failures = 0
			return n, nil
		}
		if err != nil {
			if err := b.reopen(err); err != nil {
				return 0, err
			}
		}
	}
	return 0, io.EOF
}

// reopen gets over a torn connection, or gives up.
func (b *blobReader) reopen(err error) error {
	b.Close()
	if b.ctx.Err() != nil {
		return fmt.Errorf("%s: %w", b.what(), context.Cause(b.ctx))
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	b.failures++
	b.reopened++
	if b.failures >= b.client.patience.attempts || b.reopened > maxReopened {
		return fmt.Errorf("%s: %w: the connection to %s broke %d times, at last after %d of %d bytes: %w",
			b.what(), ErrUnreachable, b.client.registry, b.reopened, b.off, b.size, err)
	}
	if b.torn != nil {
		b.torn(err)
	}
	return b.client.patience.pause(b.ctx, b.failures, 0)
}

func (b *blobReader) open() error {
	ctx, cancel := context.WithCancelCause(b.ctx)
	header := http.Header{}
	if b.off > 0 {
		// With both ends: some registries know no other form.
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", b.off, b.size-1))
	}
	resp, err := b.client.do(ctx, http.MethodGet, b.client.blobPath(b.digest), header, b.what())
	if errors.Is(err, errRange) && b.off > 0 {
		resp, err = b.client.do(ctx, http.MethodGet, b.client.blobPath(b.digest), nil, b.what())
	}
	if err != nil {
		cancel(nil)
		return err
	}
	b.body, b.cancel = resp.Body, cancel
	b.watchdog = time.AfterFunc(b.client.patience.stall, func() { cancel(errStalled) })
	skip := b.off
	if resp.StatusCode == http.StatusPartialContent {
		if !strings.HasPrefix(resp.Header.Get("Content-Range"), "bytes "+strconv.FormatInt(b.off, 10)+"-") {
			b.Close()
			return fmt.Errorf("%s: %w: asked for bytes from %d on, got %q", b.what(), ErrRegistry, b.off, resp.Header.Get("Content-Range"))
		}
		skip = 0
	}
	for skip > 0 {
		b.watchdog.Reset(b.client.patience.stall)
		n, err := io.CopyN(io.Discard, b.body, min(skip, 1<<20))
		skip -= n
		if err != nil {
			return b.reopen(err)
		}
	}
	return nil
}

func (b *blobReader) Close() error {
	if b.body == nil {
		return nil
	}
	b.watchdog.Stop()
	b.cancel(nil)
	err := b.body.Close()
	b.body = nil
	return err
}

// fetch reads a small blob or manifest as a whole and checks its digest; without
// one, what it is in truth is for the caller to say.
func (c *client) fetch(ctx context.Context, path, digest string, limit int64, accept []string, what string) ([]byte, http.Header, error) {
	header := http.Header{}
	if len(accept) > 0 {
		header["Accept"] = accept
	}
	for attempt := 1; ; attempt++ {
		resp, err := c.do(ctx, http.MethodGet, path, header, what)
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
		resp.Body.Close()
		switch {
		case err != nil:
			again, reason := c.networkFault(ctx, what, err)
			if !again || attempt >= c.patience.attempts {
				return nil, nil, reason
			}
			if err := c.patience.pause(ctx, attempt, 0); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", what, err)
			}
			continue
		case int64(len(data)) > limit:
			return nil, nil, fmt.Errorf("%s: %w: more than %d bytes", what, ErrNotImage, limit)
		}
		if got := digestOf(data); digest != "" && got != digest {
			return nil, nil, fmt.Errorf("%s: %w: want %s, got %s", what, ErrDigest, digest, got)
		}
		return data, resp.Header, nil
	}
}
