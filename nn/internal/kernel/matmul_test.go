package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// accumulate is one accumulation of the portable path as the package comment
// defines it.
func accumulate[T Float](s, x, y T) T {
	if unsafe.Sizeof(s) == 8 {
		return T(math.FMA(float64(x), float64(y), float64(s)))
	}
	p := float32(x) * float32(y)
	return T(float32(float64(p) + float64(s)))
}

// fused is one accumulation of a product of matrices on the current path.
func fused[T Float](s, x, y T) T {
	if unsafe.Sizeof(s) == 4 && using != portable {
		return T(fma32(float32(x), float32(y), float32(s)))
	}
	return accumulate(s, x, y)
}

// fma32 returns xy + z rounded once. The product is exact in float64. The sum
// is rounded to odd there, which leaves the second rounding as if there had
// been no first.
func fma32(x, y, z float32) float32 {
	p, q := float64(x)*float64(y), float64(z)
	s := p + q
	if math.IsInf(s, 0) || math.IsNaN(s) {
		return float32(s)
	}
	t := s - p
	rest := (p - (s - t)) + (q - t) // p + q − s, exactly
	if bits := math.Float64bits(s); rest != 0 && bits&1 == 0 {
		if (rest > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}

func TestFMA32RoundsOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200000 {
		x, y := random32(rng), random32(rng)
		z := random32(rng)
		if rng.IntN(2) == 0 { // near cancellation and near ties
			z = -x * y
			z = math.Nextafter32(z, float32(rng.IntN(3)-1)*math.MaxFloat32)
		}
		exact := new(big.Float).SetPrec(1000).SetFloat64(float64(x) * float64(y))
		exact.Add(exact, new(big.Float).SetPrec(1000).SetFloat64(float64(z)))
		want, _ := exact.Float32()
		require.Equal(t, want, fma32(x, y, z), "%b %b %b", x, y, z)
	}
}

// random32 returns a number with few digits, of an exponent at which sums are
// often ties, or now and then any number.
func random32(rng *rand.Rand) float32 {
	if rng.IntN(4) == 0 {
		return math.Float32frombits(rng.Uint32() &^ (1 << 30)) // finite
	}
	return float32(math.Ldexp(float64(rng.IntN(1<<24)-1<<23)*float64(1+rng.IntN(2)), rng.IntN(60)-40))
}

// naive returns init + Σ_l a(i,l) b(l,j), one l after the other.
func naive[T Float](init []T, m, k, n int, a, b func(i, j int) T) []T {
	out := append([]T(nil), init...)
	for i := range m {
		for j := range n {
			for l := range k {
				out[i*n+j] = fused(out[i*n+j], a(i, l), b(l, j))
			}
		}
	}
	return out
}

func forShapes(f func(r, k, n int)) {
	for _, r := range sizes {
		for _, k := range sizes {
			for _, n := range sizes {
				f(r, k, n)
			}
		}
	}
	// Sums longer than the depth of a panel; rows that pack, also in several
	// blocks; many panels.
	for _, s := range [][3]int{{64, 58, 61}, {29, 300, 5}, {5, 300, 70}, {3, 5, 300}, {300, 3, 33}, {300, 70, 2}, {2, 515, 520}, {3, 64, 515}, {130, 520, 33}, {140, 515, 70}, {17, 1024, 33}, {16, 600, 1023}} {
		f(s[0], s[1], s[2])
	}
}

func testProducts[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	forShapes(func(r, k, n int) { requireProducts[T](t, rng, r, k, n) })
}

// requireProducts compares every form of product of the given shape with the
// naive one. No slice is aligned.
func requireProducts[T Float](t *testing.T, rng *rand.Rand, r, k, n int) {
	t.Helper()
	operand := func(n int) []T { return random[T](rng, n+1)[1:] }
	x, w, g := operand(r*k), operand(k*n), operand(r*n)
	xAt := func(i, l int) T { return x[i*k+l] }
	wAt := func(l, j int) T { return w[l*n+j] }
	packed, packedT := guarded[T](PackedSize(k, n)), guarded[T](PackedSize(n, k))
	Pack(packed.in, w, k, n)
	PackT(packedT.in, w, k, n)
	packed.requireGuards(t)
	packedT.requireGuards(t)

	bias, full := operand(n), operand(r*n)
	var spread []T
	for range r {
		spread = append(spread, bias...)
	}
	for _, c := range []struct {
		init  []T
		rows  int
		start []T
	}{{nil, 0, make([]T, r*n)}, {bias, 1, spread}, {full, r, full}} {
		want := naive(c.start, r, k, n, xAt, wAt)
		dst := guarded[T](r * n)
		MatMul(dst.in, x, w, c.init, c.rows, r, k, n)
		dst.requireBits(t, want)
		dst = guarded[T](r * n)
		MatMulPacked(dst.in, x, packed.in, c.init, c.rows, r, k, n)
		dst.requireBits(t, want)
		copy(dst.in, c.start)
		MatMul(dst.in, x, w, dst.in, r, r, k, n)
		dst.requireBits(t, want)
		copy(dst.in, c.start)
		MatMulPacked(dst.in, x, packed.in, dst.in, r, r, k, n)
		dst.requireBits(t, want)
	}

	want := naive(make([]T, r*k), r, n, k,
		func(i, j int) T { return g[i*n+j] }, func(j, l int) T { return w[l*n+j] })
	dst := guarded[T](r * k)
	MatMulT(dst.in, g, w, r, k, n)
	dst.requireBits(t, want)
	dst = guarded[T](r * k)
	MatMulTPacked(dst.in, g, packedT.in, r, k, n)
	dst.requireBits(t, want)

	// Products of zeros leave the sign of a zero to the one they start from.
	for i := range min(k, r*k) {
		if i%3 == 0 {
			for l := i; l < r*k; l += k {
				x[l] = T(math.Copysign(0, -1))
			}
		}
	}
	xtAt := func(l, i int) T { return x[i*k+l] }
	gAt := func(i, j int) T { return g[i*n+j] }
	dst = guarded[T](k * n)
	sum := operand(k * n)
	copy(dst.in, sum)
	MatTMul(dst.in, x, g, r, k, n)
	dst.requireBits(t, naive(sum, k, r, n, xtAt, gAt))
	Fill(dst.in, T(math.NaN()))
	MatTMulSet(dst.in, x, g, r, k, n)
	product := naive(make([]T, k*n), k, r, n, xtAt, gAt)
	dst.requireBits(t, product)
	from := rng.IntN(k + 1)
	to := from + rng.IntN(k+1-from)
	part := guarded[T](k * n)
	copy(part.in, sum)
	MatTMulRows(part.in, x, g, r, k, n, from, to, true, make([]T, MatTMulSpace[T](k, n)))
	copy(sum[from*n:to*n], product[from*n:to*n])
	part.requireBits(t, sum)
}

func TestProductsAccumulateInOrder(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		t.Run("float32", testProducts[float32])
		t.Run("float64", testProducts[float64])
	})
}

func FuzzProducts(f *testing.F) {
	f.Add(uint16(64), uint16(116), uint16(2), uint64(1))
	f.Add(uint16(15), uint16(40), uint16(33), uint64(2))
	f.Fuzz(func(t *testing.T, r, k, n uint16, seed uint64) {
		rows, inner, cols := int(r%80), int(k%600), int(n%600)
		if rows*inner*cols > 1<<18 {
			rows, inner = rows%8, inner%50
		}
		forPaths(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			requireProducts[float32](t, rng, rows, inner, cols)
			requireProducts[float64](t, rng, rows, inner, cols)
		})
	})
}

func TestRowsOfAProductAreIndependent(t *testing.T) {
	forPaths(t, testRows[float32])
	forPaths(t, testRows[float64])
}

func testRows[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const r, k = 69, 17
	for _, n := range []int{1, 4, 13, 37} {
		x, w, g, bias := random[T](rng, r*k), random[T](rng, k*n), random[T](rng, r*n), random[T](rng, n)
		packed, packedT := make([]T, PackedSize(k, n)), make([]T, PackedSize(n, k))
		Pack(packed, w, k, n)
		PackT(packedT, w, k, n)
		all, allT := make([]T, r*n), make([]T, r*k)
		MatMul(all, x, w, bias, 1, r, k, n)
		MatMulT(allT, g, w, r, k, n)
		for rows := 1; rows <= r; rows += 1 + rows/8 {
			for from := 0; from+rows <= r; from += rows {
				want, wantT := all[from*n:(from+rows)*n], allT[from*k:(from+rows)*k]
				part, partT := make([]T, rows*n), make([]T, rows*k)
				MatMul(part, x[from*k:], w, bias, 1, rows, k, n)
				requireBits(t, part, want)
				MatMulPacked(part, x[from*k:], packed, bias, 1, rows, k, n)
				requireBits(t, part, want)
				MatMulT(partT, g[from*n:], w, rows, k, n)
				requireBits(t, partT, wantT)
				MatMulTPacked(partT, g[from*n:], packedT, rows, k, n)
				requireBits(t, partT, wantT)
			}
		}
	}
}

func TestGradientOfRowsContinues(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(8, 9))
		for _, s := range [][3]int{{21, 7, 10}, {135, 64, 520}, {700, 9, 3}} {
			r, k, n := s[0], s[1], s[2]
			x, g := random[float32](rng, r*k), random[float32](rng, r*n)
			whole, parts := make([]float32, k*n), make([]float32, k*n)
			MatTMul(whole, x, g, r, k, n)
			for i := 0; i < r; i += 8 {
				MatTMul(parts, x[i*k:], g[i*n:], min(8, r-i), k, n)
			}
			requireBits(t, parts, whole)
		}
	})
}

func TestPathsAgree(t *testing.T) {
	forAssembly(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(10, 11))
		const r, k, n = 16, 400, 40
		x, w := random[float32](rng, r*k), random[float32](rng, k*n)
		fast, slow := make([]float32, r*n), make([]float32, r*n)
		MatMul(fast, x, w, nil, 0, r, k, n)
		take(t, portable)
		MatMul(slow, x, w, nil, 0, r, k, n)
		for i := range r {
			for j := range n {
				var xx, ww float64
				for l := range k {
					xx += float64(x[i*k+l]) * float64(x[i*k+l])
					ww += float64(w[l*n+j]) * float64(w[l*n+j])
				}
				require.InDelta(t, slow[i*n+j], fast[i*n+j], 4e-7*math.Sqrt(k*xx*ww))
			}
		}
	})
}

func TestProductsDoNotAllocate(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		for _, s := range [][3]int{{70, 67, 65}, {64, 9, 2}, {9, 9, 5}, {3, 64, 520}} {
			r, k, n := s[0], s[1], s[2]
			x, w, g := make([]float32, r*k), make([]float32, k*n), make([]float32, r*n)
			packed := make([]float32, max(PackedSize(k, n), PackedSize(n, k)))
			require.Zero(t, testing.AllocsPerRun(5, func() {
				Pack(packed, w, k, n)
				MatMulPacked(g, x, packed, w, 1, r, k, n)
				PackT(packed, w, k, n)
				MatMulTPacked(x, g, packed, r, k, n)
				MatMul(g, x, w, nil, 0, r, k, n)
				MatMulT(x, g, w, r, k, n)
				MatTMul(w, x, g, r, k, n)
				MatTMulSet(w, x, g, r, k, n)
			}))
		}
	})
}

func TestZeroTimesNaNIsNaN(t *testing.T) { forPaths(t, testNaN) }

func testNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		for _, size := range []int{1, 2, 3, 5, 8} {
			r, k, n := size, size, size
			w := make([]float32, k*n)
			for i := range w {
				w[i] = float32(bad)
			}
			dst := make([]float32, r*n)
			MatMul(dst, make([]float32, r*k), w, nil, 0, r, k, n)
			requireAllNaN(t, dst)
			clear(dst)
			MatMulT(dst, make([]float32, r*n), w, r, k, n)
			requireAllNaN(t, dst)
			clear(dst)
			MatTMul(dst, make([]float32, r*k), w, r, k, n)
			requireAllNaN(t, dst)
			clear(dst)
			MatTMulSet(dst, make([]float32, r*k), w, r, k, n)
			requireAllNaN(t, dst)
		}
	}
}

func requireAllNaN(t *testing.T, x []float32) {
	t.Helper()
	for i, v := range x {
		require.True(t, v != v, "element %d is %v", i, v)
	}
}

func TestOneNaNStaysInItsRow(t *testing.T) { forPaths(t, testOneNaN) }

func testOneNaN(t *testing.T) {
	const r, k, n = 7, 5, 6
	x, w := make([]float64, r*k), make([]float64, k*n)
	Fill(x, 1)
	Fill(w, 1)
	x[3*k+2] = math.NaN()
	dst := make([]float64, r*n)
	MatMul(dst, x, w, nil, 0, r, k, n)
	for i := range dst {
		require.Equal(t, i/n == 3, math.IsNaN(dst[i]), "element %d", i)
	}
}
