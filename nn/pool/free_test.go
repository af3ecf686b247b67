package pool

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreeListGivesBackWhatItWasGiven(t *testing.T) {
	var f Free[*int]
	_, ok := f.Take()
	require.False(t, ok)
	a, b := new(int), new(int)
	f.Give(a)
	f.Give(b)
	got, ok := f.Take()
	require.True(t, ok)
	require.Same(t, b, got)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		v, _ := f.Take()
		f.Give(v)
	}))
}

func TestNoValueOfAFreeListHasTwoUsers(t *testing.T) {
	var f Free[*int]
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				v, ok := f.Take()
				if !ok {
					v = new(int)
				}
				*v++ // the race detector sees a second user
				f.Give(v)
			}
		})
	}
	all.Wait()
	sum := 0
	for v, ok := f.Take(); ok; v, ok = f.Take() {
		sum += *v
	}
	require.Equal(t, 8000, sum)
}
