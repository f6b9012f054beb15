package image

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/container-labs/lab/internal/testenv"
)

// TestMain is also the program that the tests kill: with LAB_TEST_PULL it pulls
// that name into LAB_TEST_STORE.
func TestMain(m *testing.M) {
	if name := os.Getenv("LAB_TEST_PULL"); name != "" {
		s, err := Open(os.Getenv("LAB_TEST_STORE"))
		if err == nil {
			_, err = s.Pull(context.Background(), name, PullOptions{})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testenv.Main(m)
}
