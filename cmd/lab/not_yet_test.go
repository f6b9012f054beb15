package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWordsThatAreNotThereYet(t *testing.T) {
	for _, c := range []struct{ flag, want string }{
		{"p", "docker's -p yet"},
		{"p8080:80", "docker's -p yet"},
		{"itp", "docker's -p yet"},
		{"dP", "docker's -P yet"},
		{"publish", "docker's --publish yet"},
		{"publish=80:80", "docker's --publish yet"},
		{"link", "docker's --link yet"},
		{"volumes-from", "docker's --volumes-from yet"},
		{"health-cmd", "docker's --health-cmd yet"},
		{"gpus", "docker's --gpus: "},
		{"kernel-memory=1m", "docker's --kernel-memory: "},
		{"pid2", ""},
		{"nosuch", ""},
		{"", ""},
	} {
		if have := flagNotYet("run", c.flag); c.want == "" {
			assert.Empty(t, have, c.flag)
		} else {
			assert.Contains(t, have, c.want, c.flag)
		}
	}
	assert.Contains(t, commandNotYet("build"), "does not have yet")
	for _, c := range newApp(streams{}, nil).Commands {
		assert.Empty(t, commandNotYet(c.Name), "lab has it")
	}
}
