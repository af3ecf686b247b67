package kernel

// A packed k×n matrix is cut into panels of panelColumns columns, one after
// the other, each with its k rows without gaps. The last panel is as wide as
// the columns that remain, rounded up to half a panel; what it has too many
// holds zeros. The portable path packs nothing.

// PackedSize returns the length of a packed k×n matrix.
func PackedSize(k, n int) int { return k * ((n + 15) &^ 15) }

// Pack packs the k×n matrix w for MatMulPacked. dst has PackedSize(k, n)
// elements.
func Pack[T Float](dst, w []T, k, n int) {
	if using == portable || k*n == 0 {
		copy(dst, w[:k*n])
		return
	}
	eachPanel[T](n, func(j, cols, width int) {
		packPanel(dst[k*j:], width, w[j:], n, k, cols)
	})
}

// PackT packs the transpose of the k×n matrix w for MatMulTPacked. dst has
// PackedSize(n, k) elements.
func PackT[T Float](dst, w []T, k, n int) {
	if using == portable || k*n == 0 {
		copy(dst, w[:k*n])
		return
	}
	eachPanel[T](k, func(i, cols, width int) {
		packPanelT(dst[n*i:], width, w[i*n:], n, n, cols)
	})
}

// PackBlocksT packs for MatMulPacked the transposes of k×n blocks, which lie one
// below the other in w, one below the other from the last to the first: a matrix of
// blocks·n rows and k columns. dst has PackedSize(blocks·n, k) elements.
func PackBlocksT[T Float](dst, w []T, blocks, k, n int) {
	if using == portable {
		for at, v := range w[:blocks*k*n] {
			block, i, j := blocks-1-at/n/k, at/n%k, at%n
			dst[(block*n+j)*k+i] = v
		}
		return
	}
	eachPanel[T](k, func(i, cols, width int) {
		for block := range blocks {
			packPanelT(dst[blocks*n*i+block*n*width:], width, w[((blocks-1-block)*k+i)*n:], n, n, cols)
		}
	})
}

// panelColumns is the number of columns in 128 bytes.
func panelColumns[T Float]() int { return 128 / size[T]() }

// panelWidth is the distance between the rows of a panel of which cols columns
// are left.
func panelWidth[T Float](cols int) int {
	if half := panelColumns[T]() / 2; cols <= half {
		return half
	}
	return panelColumns[T]()
}

// eachPanel calls f for each panel of n columns: it begins at column j, has
// cols columns and room for width.
func eachPanel[T Float](n int, f func(j, cols, width int)) {
	for j := 0; j < n; j += panelColumns[T]() {
		cols := min(panelColumns[T](), n-j)
		f(j, cols, panelWidth[T](cols))
	}
}

// packPanel copies cols columns of k rows of w, which start n apart, to rows
// of the given width, filled up with zeros.
func packPanel[T Float](dst []T, width int, w []T, n, k, cols int) {
	dst = dst[:k*width]
	if cols == panelColumns[T]() {
		_ = w[(k-1)*n : (k-1)*n+cols]
		copyRows(dst, w, n, k)
		return
	}
	for l := range k {
		row := dst[l*width : (l+1)*width]
		clear(row[copy(row, w[l*n:l*n+cols]):])
	}
}

// packPanelT is packPanel of the transpose: cols rows of w, which start n
// apart, become the columns of k rows.
func packPanelT[T Float](dst []T, width int, w []T, n, k, cols int) {
	dst, w = dst[:k*width], w[:(cols-1)*n+k]
	if cols < width {
		for l := cols; l < len(dst); l += width {
			clear(dst[l : l+width-cols])
		}
	}
	side := squareSide[T]()
	if cols < side || k < side {
		for i := range cols {
			for l, v := range w[i*n : i*n+k] {
				dst[l*width+i] = v
			}
		}
		return
	}
	// The last squares overlap those before them.
	for i := 0; i < cols; i += side {
		i := min(i, cols-side)
		transpose(dst[i:], width, w[i*n:], n, k/side)
		if k%side > 0 {
			l := k - side
			transpose(dst[l*width+i:], width, w[i*n+l:], n, 1)
		}
	}
}
