package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/moby/sys/user"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/container"
)

// who resolves -u in the passwd and group files that the container has now, whose root is behind the descriptor.
func (r *execRequest) who(root int, first *container.First) error {
	passwd, err := fileInside(root, "etc/passwd")
	if err != nil {
		return err
	}
	group, err := fileInside(root, "etc/group")
	if err != nil {
		return err
	}
	u, err := user.GetExecUser(r.user, &user.ExecUser{Home: "/"}, bytes.NewReader(passwd), bytes.NewReader(group))
	if err != nil {
		return err // "unable to find user …"
	}
	own := &specs.User{UID: uint32(u.Uid), GID: uint32(u.Gid)}
	for _, gid := range append([]int{u.Gid}, u.Sgids...) {
		if !slices.Contains(own.AdditionalGids, uint32(gid)) {
			own.AdditionalGids = append(own.AdditionalGids, uint32(gid))
		}
	}
	r.options.User, r.options.Home = own, r.home(u, passwd, first)
	return nil
}

// home is the user's, unless the container's was set by hand: then it holds for everybody.
func (r *execRequest) home(u *user.ExecUser, passwd []byte, first *container.First) string {
	had := container.Home(first.Process.Env)
	if had == "" {
		return u.Home
	}
	of, err := user.GetExecUser(fmt.Sprint(first.Process.User.UID), &user.ExecUser{Home: "/"}, bytes.NewReader(passwd), nil)
	if err == nil && of.Home != had {
		return had
	}
	return u.Home
}

// fileInside is empty where the container has no such file.
func fileInside(root int, name string) ([]byte, error) {
	data, err := container.ReadInside(root, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	return data, err
}
