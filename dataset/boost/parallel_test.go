package boost

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	x, y := friedman(700, 3)
	n, d := x.Dims()
	perm := rand.New(rand.NewPCG(4, 1)).Perm(n)
	px, py := mat.NewDense(n, d, nil), make([]float64, n)
	for i, j := range perm {
		px.SetRow(i, x.RawRowView(j))
		py[i] = y[j]
	}
	s := &Settings{Trees: 30}
	want, got := predictions(t, x, y, s), predictions(t, px, py, s)
	p := probabilities(t, x, above(y, 14), 2, s)
	q := probabilities(t, px, above(py, 14), 2, s)
	for i, j := range perm {
		require.InDelta(t, want[j], got[i], 1e-9)
		require.InDelta(t, p.At(j, 0), q.At(i, 0), 1e-9)
	}
}

func TestBitsDoNotDependOnWorkers(t *testing.T) {
	x, y := friedman(2000, 10)
	for i := range 2000 {
		x.Set(i, i%10, nan)
	}
	classes := above(y, 9, 12, 15, 18)
	wantY := predictions(t, x, y, &Settings{Workers: 1, Trees: 4})
	want2 := probabilities(t, x, above(y, 14), 2, &Settings{Workers: 1, Trees: 4})
	want5 := probabilities(t, x, classes, 5, &Settings{Workers: 1, Trees: 2})
	for workers := 2; workers <= 7; workers++ {
		require.Equal(t, wantY, predictions(t, x, y, &Settings{Workers: workers, Trees: 4}))
		require.Equal(t, want2, probabilities(t, x, above(y, 14), 2, &Settings{Workers: workers, Trees: 4}))
		require.Equal(t, want5, probabilities(t, x, classes, 5, &Settings{Workers: workers, Trees: 2}))
	}
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	x, y := friedman(2000, 14)
	before := runtime.NumGoroutine()
	for range 3 {
		predictions(t, x, y, &Settings{Workers: 5, Trees: 2})
		probabilities(t, x, above(y, 9, 14), 3, &Settings{Workers: 5, Trees: 2})
	}
	for range 1000 { // the last one may end a moment after it has said so
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
