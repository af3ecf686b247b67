package kernel

// MatMul computes dst = init + x·w with x r×k, w k×n and dst r×n. A nil init
// is zero; otherwise it has initRows rows of n columns, either one row that is
// the same for every row of dst, or r rows. dst may be init when initRows is r
// and overlaps nothing else.
func MatMul[T Float](dst, x, w, init []T, initRows, r, k, n int) {
	if using != portable && r > 0 && k > 0 && n > 0 {
		matMulTiles(dst[:r*n], x[:r*k], w[:k*n], init, initRows, r, k, n)
		return
	}
	dst = dst[:r*n]
	switch {
	case init == nil:
		clear(dst)
	case initRows == 1:
		for i := 0; i < len(dst); i += n {
			copy(dst[i:i+n], init[:n])
		}
	default:
		copy(dst, init[:r*n])
	}
	multiply(dst, x, k, 1, w, n, 1, r, k, n)
}

// MatMulT computes dst = g·wᵀ with g r×n, w k×n and dst r×k, which overlaps
// neither.
func MatMulT[T Float](dst, g, w []T, r, k, n int) {
	if using != portable && r > 0 && k > 0 && n > 0 {
		matMulTTiles(dst[:r*k], g[:r*n], w[:k*n], r, k, n)
		return
	}
	dst = dst[:r*k]
	clear(dst)
	multiply(dst, g, n, 1, w, 1, n, r, n, k)
}

// MatTMulRows adds xᵀ·g to the rows of dst with numbers from ≤ i < to, or, if
// set, stores it there without reading them, with the bits of adding to zeros. x
// is r×k, g r×n and dst k×n, which overlaps neither; the first row of x and g
// comes first. The other rows of dst are not touched. space has MatTMulSpace(k, n)
// elements, which it uses.
func MatTMulRows[T Float](dst, x, g []T, r, k, n, from, to int, set bool, space []T) {
	if using != portable && r > 0 && from < to && n > 0 {
		matTMulTiles(dst[:k*n], x[:r*k], g[:r*n], r, k, n, from, to, set, space)
		return
	}
	dst = dst[from*n : to*n]
	if set {
		clear(dst)
	}
	if r > 0 {
		multiply(dst, x[from:], 1, k, g, n, 1, to-from, r, n)
	}
}

// MatTMulSpace returns how much space MatTMulRows needs for dst of k×n.
func MatTMulSpace[T Float](k, n int) int {
	if !distant[T](k, n) {
		return 0
	}
	return PackedSize(sumRows, n) + sumRows*farColumns
}

// multiply adds a·b to the m×n matrix dst, where a is m×k with element (i, l)
// at i*ar + l*ac, b is k×n with element (l, j) at l*br + j*bc, and one of br
// and bc is 1. It is the one place that cuts a product into tiles.
func multiply[T Float](dst, a []T, ar, ac int, b []T, br, bc, m, k, n int) {
	if k == 0 {
		return
	}
	j := 0
	for ; j+4 <= n; j += 4 {
		i := 0
		for ; i+2 <= m; i += 2 {
			d0, d1 := (*[4]T)(dst[i*n+j:]), (*[4]T)(dst[(i+1)*n+j:])
			if bc == 1 {
				tileRows(d0, d1, a[i*ar:], a[(i+1)*ar:], ac, b[j:], br, k)
			} else {
				tileDots(d0, d1, a[i*ar:][:k], a[(i+1)*ar:][:k], b[j*bc:], bc)
			}
		}
		if i < m {
			strip(dst[i*n+j:], 1, b[j*bc:], bc, br, a[i*ar:], ac, k)
		}
	}
	for ; j < n; j++ {
		i := 0
		for ; i+4 <= m; i += 4 {
			strip(dst[i*n+j:], n, a[i*ar:], ar, ac, b[j*bc:], br, k)
		}
		for ; i < m; i++ {
			dst[i*n+j] = dot(dst[i*n+j], a[i*ar:], ac, b[j*bc:], br, k)
		}
	}
}

// tileRows adds to a 2×4 tile the k products of two rows of a, whose elements
// lie ac apart, with rows of b that start br apart.
func tileRows[T Float](d0, d1 *[4]T, a0, a1 []T, ac int, b []T, br, k int) {
	s00, s01, s02, s03 := d0[0], d0[1], d0[2], d0[3]
	s10, s11, s12, s13 := d1[0], d1[1], d1[2], d1[3]
	p, q := 0, 0
	for range k {
		x0, x1 := a0[p], a1[p]
		y := b[q : q+4 : q+4]
		y0 := y[0]
		s00 = madd(x0, y0, s00)
		s10 = madd(x1, y0, s10)
		y1 := y[1]
		s01 = madd(x0, y1, s01)
		s11 = madd(x1, y1, s11)
		y2 := y[2]
		s02 = madd(x0, y2, s02)
		s12 = madd(x1, y2, s12)
		y3 := y[3]
		s03 = madd(x0, y3, s03)
		s13 = madd(x1, y3, s13)
		p += ac
		q += br
	}
	d0[0], d0[1], d0[2], d0[3] = s00, s01, s02, s03
	d1[0], d1[1], d1[2], d1[3] = s10, s11, s12, s13
}

// tileDots adds to a 2×4 tile the scalar products of the rows a0 and a1 with
// the four rows of b that start bc apart.
func tileDots[T Float](d0, d1 *[4]T, a0, a1, b []T, bc int) {
	k := len(a0)
	a1 = a1[:k]
	b0, b1, b2, b3 := b[:k], b[bc:][:k], b[2*bc:][:k], b[3*bc:][:k]
	s00, s01, s02, s03 := d0[0], d0[1], d0[2], d0[3]
	s10, s11, s12, s13 := d1[0], d1[1], d1[2], d1[3]
	for l, x0 := range a0 {
		x1 := a1[l]
		y0 := b0[l]
		s00 = madd(x0, y0, s00)
		s10 = madd(x1, y0, s10)
		y1 := b1[l]
		s01 = madd(x0, y1, s01)
		s11 = madd(x1, y1, s11)
		y2 := b2[l]
		s02 = madd(x0, y2, s02)
		s12 = madd(x1, y2, s12)
		y3 := b3[l]
		s03 = madd(x0, y3, s03)
		s13 = madd(x1, y3, s13)
	}
	d0[0], d0[1], d0[2], d0[3] = s00, s01, s02, s03
	d1[0], d1[1], d1[2], d1[3] = s10, s11, s12, s13
}

// strip adds to four elements of dst, ds apart, the scalar products of four
// vectors, which start vr apart and have elements vc apart, with the vector u,
// whose elements lie uc apart.
func strip[T Float](dst []T, ds int, v []T, vr, vc int, u []T, uc, k int) {
	s0, s1, s2, s3 := dst[0], dst[ds], dst[2*ds], dst[3*ds]
	v0, v1, v2, v3 := v, v[vr:], v[2*vr:], v[3*vr:]
	p, q := 0, 0
	for range k {
		y := u[q]
		s0 = madd(v0[p], y, s0)
		s1 = madd(v1[p], y, s1)
		s2 = madd(v2[p], y, s2)
		s3 = madd(v3[p], y, s3)
		p += vc
		q += uc
	}
	dst[0], dst[ds], dst[2*ds], dst[3*ds] = s0, s1, s2, s3
}

// dot adds to s the scalar product of two vectors of k elements.
func dot[T Float](s T, v []T, vc int, u []T, uc, k int) T {
	p, q := 0, 0
	for range k {
		s = madd(v[p], u[q], s)
		p += vc
		q += uc
	}
	return s
}
