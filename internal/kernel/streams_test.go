package kernel_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/kernel"
)

func TestStreamsApart(t *testing.T) {
	var in *os.File
	out, errs := os.Stderr, os.Stdout // swapped: copying one over the other would lose it
	done, err := kernel.StreamsApart(&in, &out, &errs)
	require.NoError(t, err)
	defer done()
	assert.Nil(t, in)
	assert.Greater(t, int(out.Fd()), 2)
	assert.Greater(t, int(errs.Fd()), 2)
	same := os.Stdout
	none, err := kernel.StreamsApart(&in, &same, &in)
	require.NoError(t, err)
	none()
	assert.Same(t, os.Stdout, same)
	assert.Empty(t, kernel.Streams(nil, same, nil))
}
