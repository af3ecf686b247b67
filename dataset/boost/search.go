package boost

// alone is the work, in sums, below which a search runs on one goroutine.
const alone = 1 << 15

// rounding is the part of the sum of two leaves' scores by which the gain of one
// split is above that of another, or above 0, at least, so that among splits of
// equal gain the first one wins whatever the order of the rows.
const rounding = 1e-12

// search finds the best splits of two leaves from the sums of their parent, which
// become those of the larger leaf. The root is a leaf without a sibling.
func (w *grower) search(small, large *leaf, parent []cell, g, h []float64) {
	cells := w.first[len(w.edges)]
	if n := len(w.free); n > 0 {
		small.sums, w.free = w.free[n-1], w.free[:n-1]
	} else {
		small.sums = make([]cell, cells)
	}
	rows := w.order[small.lo:small.hi]
	if large != nil {
		large.sums = parent
		gathered, hessians := w.g[:len(rows)], w.h[:len(rows)]
		for i, r := range rows {
			gathered[i] = g[r]
		}
		if h != nil {
			for i, r := range rows {
				hessians[i] = h[r]
			}
			h = hessians
		}
		g = gathered
	}
	workers := w.s.Workers
	if len(rows)*len(w.edges)+4*cells < alone {
		workers = 1
	}
	each(len(w.edges), workers, func(_, j int) {
		lo, hi := w.first[j], w.first[j+1]
		sums := small.sums[lo:hi]
		sum(sums, w.codes[j], rows, g, h)
		w.bests[2*j] = w.best(small, j)
		if large != nil {
			for i, c := range sums {
				large.sums[lo+i] = large.sums[lo+i].minus(c)
			}
			w.bests[2*j+1] = w.best(large, j)
		}
	})
	for i, l := range []*leaf{small, large} {
		if l == nil {
			break
		}
		whole := w.score(l.sum)
		for j := range w.edges {
			if b := w.bests[2*j+i]; b.gain > l.best.gain+rounding*(whole+b.gain) {
				l.best = b
			}
		}
	}
}

// sum sets the sums of a column's bins over rows. The derivatives g and h, nil for
// ones, are in the order of rows.
func sum(sums []cell, codes []uint8, rows []int32, g, h []float64) {
	clear(sums)
	g = g[:len(rows)]
	if h == nil {
		for i, r := range rows {
			c := &sums[codes[r]]
			c.g += g[i]
			c.n++
		}
		for i := range sums {
			sums[i].h = float64(sums[i].n)
		}
		return
	}
	h = h[:len(rows)]
	for i, r := range rows {
		c := &sums[codes[r]]
		c.g += g[i]
		c.h += h[i]
		c.n++
	}
}

// best returns the split of the leaf at an edge of column j that gains most, the
// first of equals.
func (w *grower) best(l *leaf, j int) split {
	s := split{column: j}
	if !w.splittable(l) {
		return s
	}
	sums := l.sums[w.first[j]:w.first[j+1]]
	bins := len(sums) - 1
	missing := sums[bins]
	w.scan(&s, sums[:bins], cell{}, l.sum)
	s.missingRight = missing.n > 0 || 2*s.left.n <= l.sum.n
	if missing.n > 0 {
		gain := s.gain
		w.scan(&s, sums[:bins], missing, l.sum)
		s.missingRight = s.gain == gain
	}
	return s
}

// scan sets s to the split after one of the bins that gains most, if that is more
// than the gain of s. left is the sum of what is to the left of all bins.
func (w *grower) scan(s *split, bins []cell, left, sum cell) {
	whole, rows, l2 := w.score(sum), w.s.LeafRows, w.s.L2
	for b := range bins {
		c := &bins[b]
		if c.n == 0 {
			continue
		}
		left.g += c.g
		left.h += c.h
		left.n += c.n
		if sum.n-left.n < rows {
			break
		}
		g, h := sum.g-left.g, sum.h-left.h
		if left.n < rows || left.h < minHessian || h < minHessian {
			continue
		}
		parts := left.g*left.g/(left.h+l2) + g*g/(h+l2)
		if gain := parts - whole; gain > s.gain+rounding*parts {
			s.gain, s.bin, s.left = gain, b, left
		}
	}
}

// score returns what the Newton step of the rows takes from twice the loss.
func (w *grower) score(c cell) float64 {
	return c.g * c.g / (c.h + w.s.L2)
}
