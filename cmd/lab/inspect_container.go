package main

import (
	"errors"
	"fmt"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// inspect finds out what a name belongs to: a container first, then an image, as docker inspect does.
func inspect(root, name string) (any, error) {
	state, err := findState(root, name)
	if err == nil {
		return inspectContainer(root, state), nil
	}
	if !errors.Is(err, errNoContainer) {
		return nil, err
	}
	about, err := inspectImage(root, name)
	if err != nil {
		return nil, fmt.Errorf("no such object: %s", name)
	}
	return about, nil
}

func inspectContainer(root string, s container.State) any {
	dir := store.Open(root).Container(s.ID)
	return map[string]any{
		"Id": s.ID, "Name": "/" + s.Name, "Image": s.ImageID, "Created": s.Created, "Path": s.Command[0], "Args": s.Command[1:],
		"State":       map[string]any{"Status": s.Status, "Running": s.Alive(), "Pid": s.PID, "ExitCode": s.ExitCode, "Error": s.Error, "StartedAt": s.Started, "FinishedAt": s.Finished},
		"Config":      map[string]any{"Image": s.Image, "Labels": s.Labels, "Cmd": s.Command},
		"Bundle":      dir,
		"GraphDriver": map[string]any{"Name": "overlay", "Data": map[string]string{"UpperDir": dir + "/upper", "WorkDir": dir + "/work"}},
	}
}
