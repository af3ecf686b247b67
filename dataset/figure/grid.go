package figure

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Grid returns the centres of the nx·ny equal cells between the limits, as rows
// (x, y), line by line upwards. It panics when nx or ny is not positive.
func Grid(xlim, ylim [2]float64, nx, ny int) *mat.Dense {
	if nx < 1 || ny < 1 {
		panic(fmt.Sprintf("figure: Grid: %d×%d cells, want at least 1×1", nx, ny))
	}
	centre := func(lim [2]float64, i, n int) float64 {
		u := (float64(i) + 0.5) / float64(n)
		return lim[0]*(1-u) + lim[1]*u
	}
	x := mat.NewDense(nx*ny, 2, nil)
	for i := range ny {
		for j := range nx {
			x.SetRow(i*nx+j, []float64{centre(xlim, j, nx), centre(ylim, i, ny)})
		}
	}
	return x
}

// Density returns exp(logProb) at the points of Grid, as the ny×nx values of a
// HeatMap on a Panel of the same limits. Lines of the grid are shared among
// goroutines, so logProb must be safe for concurrent use; it may not keep x. A
// panic of logProb is one of Density.
func Density(xlim, ylim [2]float64, nx, ny int, logProb func(x []float64) float64) *mat.Dense {
	at := Grid(xlim, ylim, nx, ny)
	p := mat.NewDense(ny, nx, nil)
	workers := min(ny, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	panics := make([]any, workers)
	for w := range workers {
		wg.Go(func() {
			panics[w] = "figure: Density: logProb ended its goroutine"
			defer func() {
				if p := recover(); p != nil {
					panics[w] = p
				}
			}()
			for i := w; i < ny; i += workers {
				for j := range nx {
					p.Set(i, j, math.Exp(logProb(at.RawRowView(i*nx+j))))
				}
			}
			panics[w] = nil
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	return p
}
