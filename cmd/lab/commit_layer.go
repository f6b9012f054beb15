package main

import (
	"archive/tar"
	"context"
	"errors"
	"io"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/pkg/unionfs"
)

// ownLayer writes the container's own layer as a tar stream.
func (e *examined) ownLayer(ctx context.Context, w io.Writer) error {
	if !isThere(e.dir + "/upper") {
		return tar.NewWriter(w).Close()
	}
	return e.translated(w, func(w io.Writer) error { return unionfs.Layer(ctx, w, e.dir+"/upper") })
}

// translated passes a tar stream through, from write to w: without the empty files that lab made to bind its own on, and with the owners that a container
// with users of its own sees, where the host sees others (user_namespaces(7)).
func (e *examined) translated(w io.Writer, write func(io.Writer) error) error {
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(to)
		_ = to.CloseWithError(err)
		done <- err
	}()
	err := translate(w, from, e.spec.Linux.UIDMappings, e.spec.Linux.GIDMappings)
	_ = from.CloseWithError(errStopped)
	if source := <-done; source != nil && !errors.Is(source, errStopped) {
		return source
	}
	return err
}

var errStopped = errors.New("nobody reads on")

func translate(w io.Writer, r io.Reader, uids, gids []specs.LinuxIDMapping) error {
	in, out := tar.NewReader(r), tar.NewWriter(w)
	buffer := make([]byte, 256<<10)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg && isOwnFile("/"+h.Name, h.Size, h.FileInfo().Mode()) {
			continue
		}
		h.Uid, h.Gid = insideID(uids, h.Uid), insideID(gids, h.Gid)
		h.Format = tar.FormatPAX
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, buffer); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // the padding of the end
		return err
	}
	return out.Close()
}

// insideID is the id as the container sees it. One that has no mapping belongs to an image's layer, whose owners are nobody's in particular.
func insideID(maps []specs.LinuxIDMapping, id int) int {
	for _, m := range maps {
		if n := int64(id) - int64(m.HostID); n >= 0 && n < int64(m.Size) {
			return int(int64(m.ContainerID) + n)
		}
	}
	return id
}
