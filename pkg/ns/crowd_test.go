package ns

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCrowds(t *testing.T) {
	host := [len(kinds)]uint64{1, 2, 3, 4, 5, 6, 7, 8}
	apart := host
	apart[Net.index()] = 40
	var dying [len(kinds)]uint64
	dying[User.index()] = 6
	l := &Listing{Processes: []Process{{PID: 1, ids: host}, {PID: 2, ids: host}, {PID: 5, ids: apart}, {PID: 7, ids: dying}, {PID: 9, ids: apart}}}
	crowds := l.Crowds()
	if assert.Len(t, crowds, 2) {
		assert.Equal(t, []int{1, 2}, crowds[0].PIDs)
		assert.Equal(t, []int{5, 9}, crowds[1].PIDs)
		assert.Equal(t, Net, crowds[1].Differs(crowds[0]))
		assert.EqualValues(t, 40, crowds[1].ID(Net).Ino)
	}
	assert.Empty(t, (&Listing{}).Crowds())
}
