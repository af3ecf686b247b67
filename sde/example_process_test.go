package sde_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Processes side by side, where noise and signal are equal: the time, what is left of
// the data, and the noise.
func ExampleSDE() {
	for _, p := range []sde.SDE{sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}} {
		t := sde.TimeAt(p, 0)
		alpha, sigma := p.Kernel(t)
		from, to := p.Span()
		fmt.Printf("%-10T t = %.3f of [%g, %g]: α = %.3f, σ = %.3f\n", p, t, from, to, alpha, sigma)
	}
	// Output:
	// sde.VP     t = 0.259 of [1e-05, 1]: α = 0.707, σ = 0.707
	// sde.SubVP  t = 0.306 of [1e-05, 1]: α = 0.618, σ = 0.618
	// sde.VE     t = 0.541 of [1e-05, 1]: α = 1.000, σ = 1.000
	// sde.EDM    t = 1.000 of [0.002, 80]: α = 1.000, σ = 1.000
	// sde.Cosine t = 0.500 of [0.001, 0.99]: α = 0.707, σ = 0.707
	// sde.Linear t = 0.500 of [0.001, 0.999]: α = 0.500, σ = 0.500
}

// A step of the noising process between two times: what is left and how much comes on.
// Two of them are the one over both.
func ExampleTransition() {
	p := sde.VP{}
	a, q := sde.Transition(p, 0.1, 0.4)
	b, r := sde.Transition(p, 0.4, 0.9)
	c, s := sde.Transition(p, 0.1, 0.9)
	fmt.Printf("%.6f %.6f\n", a*b, b*b*q+r)
	fmt.Printf("%.6f %.6f\n", c, s)
	fmt.Println(sde.LogSNR(p, 0.1) > sde.LogSNR(p, 0.9))
	// Output:
	// 0.017953 0.999678
	// 0.017953 0.999678
	// true
}

// The coefficients by which forms of a network are exchanged, D = (x − σε)/α here.
func ExampleBetween() {
	p := sde.EDM{}
	onX, onNoise := sde.Between(p, 3, sde.Noise, sde.Denoised)
	fmt.Println(onX, onNoise)
	// Output:
	// 1 -3
}

// Whether a time, or a level of noise, is one that the process has.
func ExampleInSpan() {
	p := sde.EDM{}
	fmt.Println(sde.InSpan(p, 80))
	fmt.Println(sde.InSpan(p, 81))
	fmt.Println(sde.TimeInSpan(p, 0)) // as much signal as noise
	fmt.Println(sde.TimeInSpan(p, 9)) // less noise than there ever is
	// Output:
	// 80 true
	// 81 false
	// 1 true
	// 0.002 false
}

// Tables of other programs, as their checkpoints come with: of ᾱ, of noise levels, and
// of the steps themselves, which all come down to.
func ExampleNewDiscrete() {
	ddpm, err := sde.NewAlphaBar([]float64{0.9, 0.5, 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	ncsn, err := sde.NewNCSN([]float64{0.1, 1, 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	same, err := sde.NewDiscrete(ncsn.Table())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range []*sde.Discrete{ddpm, ncsn, same} {
		_, end := p.Span()
		alpha, sigma := p.Kernel(end)
		fmt.Printf("%d levels, at the last α = %.4f, σ = %.4f\n", p.Len(), alpha, sigma)
	}
	_, err = sde.NewNCSN([]float64{1, 0.5})
	fmt.Println(err)
	// Output:
	// 3 levels, at the last α = 0.3162, σ = 0.9487
	// 3 levels, at the last α = 1.0000, σ = 10.0000
	// 3 levels, at the last α = 1.0000, σ = 10.0000
	// sde: sigmas[1] = 0.5 is not above sigmas[0] = 1: out of range
}

// What a score is capable of beside Score is asked for, not assumed: the exact score of
// a density with a Jacobian has divergences and products with directions.
func ExampleAs() {
	p := sde.EDM{}
	score := sde.Analytic(p, gaussianOfDeviation2)
	exact, ok := sde.As[sde.Divergencer](score)
	fmt.Println(ok)
	x, dst, div := mat.NewDense(1, 2, []float64{5, 10}), mat.NewDense(1, 2, nil), make([]float64, 1)
	exact.Divergence(dst, div, x, []float64{1})
	fmt.Println(dst.RawRowView(0), div)
	// The derivatives along both axes, from one evaluation where the score can do so.
	jv := []*mat.Dense{mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)}
	v := []*mat.Dense{mat.NewDense(1, 2, []float64{1, 0}), mat.NewDense(1, 2, []float64{0, 1})}
	sde.JVPs(exact, dst, jv, x, v, []float64{1})
	fmt.Println(jv[0].RawRowView(0), jv[1].RawRowView(0))
	// Output:
	// true
	// [-1 -2] [-0.4]
	// [-0.2 0] [0 -0.2]
}

// gaussianOfDeviation2 is N(0, (4α² + σ²)I), the noised N(0, 4I).
func gaussianOfDeviation2(alpha, sigma float64) isotropic {
	return isotropic(4*alpha*alpha + sigma*sigma)
}

// isotropic is N(0, vI), which knows its score's Jacobian.
type isotropic float64

func (v isotropic) ScoreInput(dst, x []float64) []float64 {
	if dst == nil {
		dst = make([]float64, len(x))
	}
	for i := range dst {
		dst[i] = -x[i] / float64(v)
	}
	return dst
}

func (v isotropic) ScoreJacobian(dst *mat.Dense, x []float64) {
	if dst.IsEmpty() {
		dst.ReuseAs(len(x), len(x))
	}
	dst.Zero()
	for i := range x {
		dst.Set(i, i, -1/float64(v))
	}
}

// Between the data and the coordinates that a process runs in.
func ExampleFrame() {
	f := sde.Frame{Shift: []float64{1000, 0}, Scale: []float64{10, 0.5}}
	x, y := mat.NewDense(1, 2, []float64{1020, 1}), mat.NewDense(1, 2, nil)
	f.ToModel(y, x)
	fmt.Println(y.RawRowView(0))
	f.ToData(x, y)
	fmt.Println(x.RawRowView(0))
	fmt.Printf("log p of the data is less by %.4f\n", f.LogVolume())
	// Output:
	// [2 2]
	// [1020 1]
	// log p of the data is less by 1.6094
}
