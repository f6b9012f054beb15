package spelling

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"net", "net", 0}, {"", "net", 3}, {"net", "", 3}, {"nte", "net", 2}, {"nett", "net", 1}, {"kitten", "sitting", 3},
	} {
		assert.Equal(t, test.want, Distance(test.a, test.b), "%q to %q", test.a, test.b)
	}
}
