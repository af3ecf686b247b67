package ad

import (
	"sync"
	"sync/atomic"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// frame takes idle storage for one run, or makes some.
func (p *Program[T]) frame() *frame[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := len(p.idle); k > 0 {
		f := p.idle[k-1]
		p.idle = p.idle[:k-1]
		return f
	}
	return &frame[T]{p: p, once: make([]T, p.layout.once), one: []T{1}}
}

// release returns storage; it forgets the caller's slices.
func (p *Program[T]) release(f *frame[T]) {
	f.weights, f.random, f.out, f.in = nil, nil, nil, nil
	p.mu.Lock()
	p.idle = append(p.idle, f)
	p.mu.Unlock()
}

// frame is the storage of one run.
type frame[T Float] struct {
	p       *Program[T]
	weights *Weights[T]
	random  Filler
	out, in [][]T
	n       int // rows
	blocks  int
	units   int // of work: lanes when the program sums over rows, else blocks
	next    atomic.Int64
	done    sync.WaitGroup
	workers []worker[T]
	once    []T
	one     []T
	lanes   []T
	failure atomic.Pointer[failure]
}

// worker is the storage of one goroutine.
type worker[T Float] struct {
	arena   []T
	uniform []float64
	start   func()
}

// failure carries a panic to the goroutine that called Run.
type failure struct{ value any }

func (f *frame[T]) reserveWorkers(n int) {
	for k := len(f.workers); k < n; k++ {
		f.workers = append(f.workers, worker[T]{
			arena:   make([]T, f.p.layout.arena*f.p.blockRows),
			uniform: make([]float64, f.p.randomCols),
			start:   func() { defer f.done.Done(); f.work(k) },
		})
	}
}

func (f *frame[T]) reserveLanes(n int) {
	if size := n * f.p.layout.lane; len(f.lanes) < size {
		f.lanes = make([]T, size)
	}
}

// parallel shares the units of work among the workers. The caller's goroutine
// is the first worker; a panic in another one is raised here.
func (f *frame[T]) parallel(workers int) {
	f.next.Store(0)
	f.done.Add(workers - 1)
	for k := 1; k < workers; k++ {
		go f.workers[k].start()
	}
	f.work(0)
	f.done.Wait()
	if p := f.failure.Swap(nil); p != nil {
		panic(p.value)
	}
}

// work takes units until none is left.
func (f *frame[T]) work(k int) {
	defer func() {
		if v := recover(); v != nil {
			f.failure.Store(&failure{v})
		}
	}()
	for {
		u := int(f.next.Add(1)) - 1
		if u >= f.units {
			return
		}
		if f.p.layout.lane == 0 {
			f.block(k, 0, u)
			continue
		}
		clear(f.lanes[u*f.p.layout.lane : (u+1)*f.p.layout.lane])
		for b := u * f.blocks / f.units; b < (u+1)*f.blocks/f.units; b++ {
			f.block(k, u, b)
		}
	}
}

// block runs the per-row instructions on the rows of one block.
func (f *frame[T]) block(k, lane, b int) {
	row := b * f.p.blockRows
	rows := min(f.p.blockRows, f.n-row)
	for i := range f.p.phases[body] {
		f.exec(&f.p.phases[body][i], k, lane, row, rows)
	}
}

// reduce adds the lanes pairwise, in a tree that depends on their number only,
// into lane 0, where the instructions after the blocks find the sums.
func (f *frame[T]) reduce() {
	size := f.p.layout.lane
	for step := 1; step < f.units; step *= 2 {
		for i := 0; i+step < f.units; i += 2 * step {
			kernel.Add(f.lanes[i*size:(i+1)*size], f.lanes[(i+step)*size:(i+step+1)*size])
		}
	}
}
