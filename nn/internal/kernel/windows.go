package kernel

import "slices"

// Line is a number of rows, one below the other, of the result of MatMulWindows.
type Line struct{ First, Rows int }

// MatMulWindows is MatMulPacked for rows of x that overlap, as the windows of a
// convolution do. A row is made of segments of k numbers. Those of a line's first
// row begin at starts, so many numbers for each line; those of each further row
// begin apart numbers later. A segment whose start is negative is zero in the line and
// adds nothing, whatever its weights; not all of a line are. packed is Pack of the
// matrix whose rows are those of all segments. Rows of dst in no line are not touched.
func MatMulWindows[T Float](dst, x []T, lines []Line, starts []int32, apart int, packed, init []T, initRows, k, n int) {
	segments := len(starts) / len(lines)
	if using == portable {
		windowsPortable(dst, x, lines, starts, apart, packed, init, initRows, k, n)
		return
	}
	var zero [32]T
	var jumps [32]jump
	p := product[T]{cr: n, ar: apart, ac: 1, run: k, follows: true}
	together := min(max(1, deep/k), len(jumps)) // segments
	for j := 0; j < n; j += panelColumns[T]() {
		p.cols = min(panelColumns[T](), n-j)
		p.br = panelWidth[T](p.cols)
		for s := 0; s < segments; s += together {
			m := min(together, segments-s)
			for i := 0; i < len(lines); {
				line, own := lines[i], starts[i*segments:][:segments]
				count, pitch := alike(lines[i:], starts[i*segments:], segments, s, m)
				i += count
				first, hops := p.join(own[s:s+m], jumps[:])
				if first < 0 {
					continue
				}
				if p.jumps = nil; hops > 0 {
					p.jumps = jumps[:hops]
				}
				p.b = packed[segments*k*j+(s+first)*k*p.br:]
				begun := known(own[:s]) >= 0
				p.cut(line.Rows)
				tiles, low, high := p.tiles, p.low, p.high
				// The first tiles of all lines that are alike, then the second ones.
				for t, row := 0, 0; t < tiles; t++ {
					rows := low
					if t < high {
						rows++
					}
					at := (line.First+row)*n + j
					p.a, p.c = x[int(own[s+first])+row*apart:], dst[at:]
					switch {
					case begun:
						p.init, p.ir = p.c, n
					case initRows == 1 || init == nil:
						p.init, p.ir = initial(init, 1, 1, j, n, zero[:])
					default:
						p.init, p.ir = init[at:], n
					}
					p.tiles, p.low, p.high, p.pitch, p.skip = count, rows, 0, pitch, line.Rows-rows
					p.panel()
					row += rows
				}
			}
		}
	}
}

// known returns the index of the first segment that is not zero, −1 if there is none.
func known(starts []int32) int { return slices.IndexFunc(starts, func(s int32) bool { return s >= 0 }) }

// join makes one sum of the segments with these starts that are not zero. It returns
// the first of them, −1 if there is none, and the number of jumps.
func (p *product[T]) join(starts []int32, jumps []jump) (first, count int) {
	first = known(starts)
	if first < 0 {
		return first, 0
	}
	last := first
	for s := first + 1; s < len(starts); s++ {
		if starts[s] >= 0 {
			jumps[count] = jump{
				a: int64(size[T]() * (int(starts[s]-starts[last]) - p.run)),
				b: int64(size[T]() * (s - last - 1) * p.run * p.br),
			}
			count, last = count+1, s
		}
	}
	p.k, p.down = (count+1)*p.run, (last-first+1)*p.run-1
	if count > 0 {
		jumps[count].a = -1
		count++
	}
	return first, count
}

// MatTMulWindows is MatTMulRows for such rows of x, which are all in lines, one line
// after the other: row s·k+i of dst, of a segment s, is the sum of x's number i of that
// segment of each row times g's row. Lines in which a segment is zero add nothing to it.
// dst has as many rows as all segments have numbers.
func MatTMulWindows[T Float](dst, x []T, lines []Line, starts []int32, apart int, g []T, k, n, from, to int, set bool) {
	segments := len(starts) / len(lines)
	for s := range segments {
		first, last := max(from, s*k), min(to, (s+1)*k)
		if first < last {
			matTMulSegment(dst[first*n:last*n], x[first-s*k:], lines, starts[s:], segments, apart, g, n, last-first, set)
		}
	}
}

// shallow is the number of terms of a sum over windows that are summed before the next
// tile. Rows of x lie far apart, and those of a tile are to stay in the first-level
// cache for the next one, which has the rest of their lines.
const shallow = 98

// matTMulSegment is MatTMulWindows for the given number of rows of dst, which belong
// to one segment: every next of starts.
func matTMulSegment[T Float](dst, x []T, lines []Line, starts []int32, next, apart int, g []T, n, rows int, set bool) {
	terms := 0
	for i, line := range lines {
		if starts[i*next] >= 0 {
			terms += line.Rows
		}
	}
	if set && (using == portable || terms == 0) {
		clear(dst)
	}
	if using == portable {
		for i, line := range lines {
			if from := starts[i*next]; from >= 0 {
				multiply(dst, x[from:], 1, apart, g[line.First*n:], n, 1, rows, line.Rows, n)
			}
		}
		return
	}
	var zero [32]T
	var jumps [shallow + 1]jump
	p := product[T]{cr: n, ar: 1, ac: apart}
	p.cut(rows)
	parts := (terms + shallow - 1) / shallow
	most := 0                    // terms
	if panelWidth[T](n) <= 2*n { // what is too narrow for whole vectors is packed, which knows no runs
		most = (terms + parts - 1) / max(parts, 1)
	}
	for j := 0; j < n; j += panelColumns[T]() {
		p.c, p.cols = dst[j:], min(panelColumns[T](), n-j)
		set := set
		for i := 0; i < len(lines); i++ {
			if starts[i*next] < 0 {
				continue
			}
			first, last, count := lines[i], lines[i], 1
			p.a, p.run = x[starts[i*next]:], first.Rows
			at := starts[i*next]
			// Parts are about equally long.
			for l := i + 1; l < len(lines) && lines[l].Rows == p.run && count*p.run+p.run/2 <= most; l++ {
				if starts[l*next] < 0 {
					continue
				}
				jumps[count-1] = jump{
					a: int64(size[T]() * (int(starts[l*next]-at) - p.run*apart)),
					b: int64(size[T]() * (lines[l].First - last.First - p.run) * n),
				}
				i, at, last, count = l, starts[l*next], lines[l], count+1
			}
			p.k, p.jumps, p.down = count*p.run, nil, last.First-first.First+p.run-1
			if count > 1 {
				jumps[count-1].a = -1
				p.jumps = jumps[:]
			}
			p.init, p.ir = start(set, p.c, n, zero[:])
			p.over(g[first.First*n:], n, j)
			set = false
		}
	}
}

// alike returns how many of the first lines are one below the other and equally long,
// have the same segments up to from+m that are not zero, and lie a distance apart in x
// that is the same for all of them, in m of these.
func alike(lines []Line, starts []int32, segments, from, m int) (count, apart int) {
	for count = 1; count < len(lines); count++ {
		line, before := lines[count], lines[count-1]
		if line.Rows != before.Rows || line.First != before.First+before.Rows {
			break
		}
		for s := range from + m {
			this, other := int(starts[count*segments+s]), int(starts[(count-1)*segments+s])
			d := this - other
			if this < 0 != (other < 0) {
				return count, apart
			}
			if s < from || this < 0 {
				continue
			}
			if apart == 0 {
				apart = d
			}
			if d != apart || d <= 0 {
				return count, apart
			}
		}
	}
	return count, apart
}

// deep is the number of terms up to which a tile takes several segments at once: so
// many rows of a panel still leave room in the first-level cache.
const deep = 300

func windowsPortable[T Float](dst, x []T, lines []Line, starts []int32, apart int, w, init []T, initRows, k, n int) {
	segments := len(starts) / len(lines)
	for i, line := range lines {
		rows := dst[line.First*n:][:line.Rows*n]
		switch {
		case init == nil:
			clear(rows)
		case initRows == 1:
			for at := 0; at < len(rows); at += n {
				copy(rows[at:at+n], init[:n])
			}
		default:
			copy(rows, init[line.First*n:])
		}
		for s := range segments {
			if starts[i*segments+s] < 0 {
				continue
			}
			multiply(rows, x[starts[i*segments+s]:], apart, 1, w[s*k*n:], n, 1, line.Rows, k, n)
		}
	}
}
