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
	p := product[T]{cr: n, ar: apart, ac: 1, k: k, follows: true}
	for j := 0; j < n; j += panelColumns[T]() {
		p.cols = min(panelColumns[T](), n-j)
		p.br = panelWidth[T](p.cols)
		for s := range segments {
			p.b = packed[segments*k*j+s*k*p.br:]
			for i := 0; i < len(lines); {
				line := lines[i]
				p.a, p.c = x[starts[i*segments+s]:], dst[line.First*n+j:]
				switch {
				case s > 0:
					p.init, p.ir = p.c, n
				case initRows == 1 || init == nil:
					p.init, p.ir = initial(init, 1, 1, j, n, zero[:])
				default:
					p.init, p.ir = init[line.First*n+j:], n
				}
				p.cut(line.Rows)
				count := 1
				if p.tiles == 1 {
					count, p.pitch = alike(lines[i:], starts[i*segments+s:], segments)
					p.tiles = count
				}
				p.panel()
				i += count
			}
		}
	}
}

// alike returns how many of the first lines are one below the other and equally long,
// and lie a distance apart in x that is the same for all of them.
func alike(lines []Line, starts []int32, segments int) (count, apart int) {
	for count = 1; count < len(lines); count++ {
		line, before := lines[count], lines[count-1]
		d := int(starts[count*segments]) - int(starts[(count-1)*segments])
		if count == 1 {
			apart = d
		}
		if line.Rows != before.Rows || line.First != before.First+before.Rows || d != apart || d <= 0 {
			break
		}
	}
	return count, apart
}

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
