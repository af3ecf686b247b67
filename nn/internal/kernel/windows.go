package kernel

// Line is a number of rows, one below the other, of the result of MatMulWindows.
type Line struct{ First, Rows int }

// MatMulWindows is MatMulPacked for rows of x that overlap, as the windows of a
// convolution do. A row is made of segments of k numbers. Those of a line's first
// row begin at starts, so many numbers for each line; those of each further row
// begin apart numbers later. packed is Pack of the matrix whose rows are those of
// all segments. Rows of dst in no line are not touched.
func MatMulWindows[T Float](dst, x []T, lines []Line, starts []int32, apart int, packed, init []T, initRows, k, n int) {
	segments := len(starts) / len(lines)
	if using == portable {
		windowsPortable(dst, x, lines, starts, apart, packed, init, initRows, k, n)
		return
	}
	var zero [32]T
	var jumps [32]int64
	p := product[T]{cr: n, ar: apart, ac: 1, run: k, follows: true}
	together := min(max(1, deep/k), len(jumps)) // segments
	for j := 0; j < n; j += panelColumns[T]() {
		p.cols = min(panelColumns[T](), n-j)
		p.br = panelWidth[T](p.cols)
		for s := 0; s < segments; s += together {
			m := min(together, segments-s)
			p.b, p.k = packed[segments*k*j+s*k*p.br:], m*k
			for i := 0; i < len(lines); {
				line, from := lines[i], starts[i*segments+s:]
				if p.jumps = nil; m > 1 {
					p.jumps = jumps[:m]
					for l := range m - 1 {
						jumps[l] = int64(size[T]() * (int(from[l+1]) - int(from[l]) - k))
					}
					jumps[m-1] = -1
				}
				p.cut(line.Rows)
				tiles, low, high := p.tiles, p.low, p.high
				count, pitch := alike(lines[i:], from, segments, m)
				// The first tiles of all lines that are alike, then the second ones.
				for t, row := 0, 0; t < tiles; t++ {
					rows := low
					if t < high {
						rows++
					}
					at := (line.First+row)*n + j
					p.a, p.c = x[int(from[0])+row*apart:], dst[at:]
					switch {
					case s > 0:
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
				i += count
			}
		}
	}
}

// MatTMulWindows is MatTMulRows for such rows of x, which are all in lines, one line
// after the other: row s·k+i of dst, of a segment s, is the sum of x's number i of that
// segment of each row times g's row. dst has as many rows as all segments have numbers.
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
const shallow = 96

// matTMulSegment is MatTMulWindows for the given number of rows of dst, which belong
// to one segment: every next of starts.
func matTMulSegment[T Float](dst, x []T, lines []Line, starts []int32, next, apart int, g []T, n, rows int, set bool) {
	if using == portable {
		if set {
			clear(dst)
		}
		for i, line := range lines {
			multiply(dst, x[starts[i*next]:], 1, apart, g[line.First*n:], n, 1, rows, line.Rows, n)
		}
		return
	}
	var zero [32]T
	var jumps [shallow]int64
	p := product[T]{cr: n, ar: 1, ac: apart}
	p.cut(rows)
	for j := 0; j < n; j += panelColumns[T]() {
		p.c, p.cols = dst[j:], min(panelColumns[T](), n-j)
		for i := 0; i < len(lines); {
			line, count := lines[i], 1
			p.a = x[starts[i*next]:]
			// What is too narrow for whole vectors is packed, which knows no runs.
			for panelWidth[T](n) <= 2*n && i+count < len(lines) && lines[i+count].Rows == line.Rows && (count+1)*line.Rows <= shallow {
				jumps[count-1] = int64(size[T]() * (int(starts[(i+count)*next]) - int(starts[(i+count-1)*next]) - line.Rows*apart))
				count++
			}
			p.k, p.run, p.jumps = count*line.Rows, line.Rows, nil
			if count > 1 {
				jumps[count-1] = -1
				p.jumps = jumps[:count]
			}
			p.init, p.ir = start(set && i == 0, p.c, n, zero[:])
			p.over(g[line.First*n:], n, j)
			i += count
		}
	}
}

// alike returns how many of the first lines are one below the other and equally long,
// and lie a distance apart in x that is the same for all of them, in the first m
// segments.
func alike(lines []Line, starts []int32, segments, m int) (count, apart int) {
	for count = 1; count < len(lines); count++ {
		line, before := lines[count], lines[count-1]
		if line.Rows != before.Rows || line.First != before.First+before.Rows {
			break
		}
		for s := range m {
			d := int(starts[count*segments+s]) - int(starts[(count-1)*segments+s])
			if count == 1 && s == 0 {
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
			multiply(rows, x[starts[i*segments+s]:], apart, 1, w[s*k*n:], n, 1, line.Rows, k, n)
		}
	}
}
