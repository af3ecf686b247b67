package sde_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

// The references below are the definitions of the processes, written with
// numbers so wide that their cancellations do no harm.

const bits = 300

type wide = *big.Float

func num(x float64) wide { return new(big.Float).SetPrec(bits).SetFloat64(x) }
func add(x, y wide) wide { return num(0).Add(x, y) }
func sub(x, y wide) wide { return num(0).Sub(x, y) }
func mul(x, y wide) wide { return num(0).Mul(x, y) }
func quo(x, y wide) wide { return num(0).Quo(x, y) }
func root(x wide) wide   { return num(0).Sqrt(x) }
func half(x wide) wide   { return mul(num(0.5), x) }

// series returns Σ x^n/n! over n = first, first+step, … with a sign for each
// term that follows.
func series(x wide, first, step int, sign float64) wide {
	sum, term := num(0), num(1)
	for n := range 150 {
		if n > 0 {
			term = quo(mul(term, x), num(float64(n)))
		}
		if n >= first && (n-first)%step == 0 {
			sum = add(sum, mul(term, num(math.Pow(sign, float64((n-first)/step)))))
		}
	}
	return sum
}

func sin(x wide) wide { return series(x, 1, 2, -1) }
func cos(x wide) wide { return series(x, 0, 2, -1) }

func exp(x wide) wide {
	const halvings = 8
	y := series(mul(x, num(math.Pow(0.5, halvings))), 0, 1, 1)
	for range halvings {
		y = mul(y, y)
	}
	return y
}

// log is Newton's method for e^y = x, from 53 bits on.
func log(x wide) wide {
	start, _ := x.Float64()
	y := num(math.Log(start))
	for range 3 {
		e := exp(y)
		y = add(y, quo(sub(x, e), e))
	}
	return y
}

func pi() wide {
	p, _ := num(0).SetString("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798")
	return p
}

type reference func(t wide) (alpha, sigma, f, g2 wide)

// linearRate is B(t) and β(t).
func linearRate(b0, b1 float64, t wide) (integral, beta wide) {
	slope := sub(num(b1), num(b0))
	return mul(t, add(num(b0), half(mul(t, slope)))), add(num(b0), mul(t, slope))
}

func vp(b0, b1 float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		b, beta := linearRate(b0, b1, t)
		alpha = exp(half(b.Neg(b)))
		return alpha, root(sub(num(1), mul(alpha, alpha))), half(num(0).Neg(beta)), beta
	}
}

func subVP(b0, b1 float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		alpha, _, f, beta := vp(b0, b1)(t)
		alpha2 := mul(alpha, alpha)
		return alpha, sub(num(1), alpha2), f, mul(beta, sub(num(1), mul(alpha2, alpha2)))
	}
}

func ve(lo, hi float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		rate := log(quo(num(hi), num(lo)))
		sigma = mul(num(lo), exp(mul(t, rate)))
		return num(1), sigma, num(0), mul(num(2), mul(rate, mul(sigma, sigma)))
	}
}

func edm(t wide) (alpha, sigma, f, g2 wide) { return num(1), t, num(0), mul(num(2), t) }

func nichol(s float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		rate := half(quo(pi(), add(num(1), num(s))))
		first, angle := mul(rate, num(s)), mul(rate, add(num(s), t))
		alpha = quo(cos(angle), cos(first))
		f = mul(rate, quo(sin(angle), cos(angle)))
		return alpha, root(sub(num(1), mul(alpha, alpha))), num(0).Neg(f), mul(num(2), f)
	}
}

func straight(s float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		alpha = sub(num(1), t)
		slope := sub(num(1), num(s))
		sigma = add(num(s), mul(slope, t))
		f = quo(num(-1), alpha)
		return alpha, sigma, f, mul(num(2), mul(sigma, sub(slope, mul(f, sigma))))
	}
}

// ddpm is the chain of N steps with the rates β̃_i and, within each, the
// variance-preserving process with a constant rate.
func ddpm(b0, b1 float64, n int) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		at, _ := t.Float64()
		alpha2 := num(1)
		for i := 0; ; i++ {
			weight := quo(num(float64(i)), num(float64(n-1)))
			beta := quo(add(num(b0), mul(weight, sub(num(b1), num(b0)))), num(float64(n)))
			if i == n-1 || float64(i+1) >= at {
				f = half(log(sub(num(1), beta)))
				alpha = mul(root(alpha2), exp(mul(f, sub(t, num(float64(i))))))
				return alpha, root(sub(num(1), mul(alpha, alpha))), f, mul(num(-2), f)
			}
			alpha2 = mul(alpha2, sub(num(1), beta))
		}
	}
}

// ncsn is the chain over geometric levels, between which σ² is linear.
func ncsn(lo, hi float64, n int) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		at, _ := t.Float64()
		level2 := func(i int) wide { // σ_i²
			if i < 0 {
				return num(0)
			}
			_, sigma, _, _ := ve(lo, hi)(quo(num(float64(i)), num(float64(n-1))))
			return mul(sigma, sigma)
		}
		i := max(int(math.Ceil(at)), 1) - 1
		g2 = sub(level2(i), level2(i-1))
		return num(1), root(add(level2(i-1), mul(g2, sub(t, num(float64(i)))))), num(0), g2
	}
}

// inaccuracy returns the largest relative error of α, σ, f, g² and log(α/σ),
// the last against 1 where it is small, on the span and below its start.
func inaccuracy(p sde.SDE, want reference) (worst float64) {
	start, end := p.Span()
	times := []float64{1e-12 * start, 1e-8 * start, 1e-4 * start, start / 3}
	const n = 40
	for i := range n + 1 {
		times = append(times, start*math.Pow(end/start, float64(i)/n), start+(end-start)*float64(i)/n)
	}
	times[len(times)-1], times[len(times)-2] = end, start
	for _, at := range times {
		alpha, sigma, f, g2 := want(num(at))
		compare := func(want wide, got, least float64) {
			if math.IsNaN(got - got) {
				worst = math.Inf(1)
				return
			}
			w, _ := want.Float64()
			difference, _ := sub(num(got), want).Float64()
			if difference != 0 {
				worst = max(worst, math.Abs(difference)/max(least, math.Abs(w)))
			}
		}
		gotAlpha, gotSigma := p.Kernel(at)
		gotF, gotG2 := p.Rates(at)
		compare(alpha, gotAlpha, 0)
		compare(sigma, gotSigma, 0)
		compare(f, gotF, 0)
		compare(g2, gotG2, 0)
		compare(log(quo(alpha, sigma)), sde.LogSNR(p, at), 1)
	}
	return worst
}

// Checks sde (5).
func TestProcessesAreAccurate(t *testing.T) {
	for name, c := range map[string]struct {
		process sde.SDE
		want    reference
	}{
		"VP":                  {sde.VP{}, vp(0.1, 20)},
		"VP steep":            {sde.VP{BetaMin: 1e-3, BetaMax: 40}, vp(1e-3, 40)},
		"sub-VP":              {sde.SubVP{}, subVP(0.1, 20)},
		"VE":                  {sde.VE{}, ve(0.01, 50)},
		"EDM":                 {sde.EDM{}, edm},
		"cosine":              {sde.Cosine{}, nichol(0)},
		"cosine with offset":  {sde.Cosine{Offset: 0.008}, nichol(0.008)},
		"linear":              {sde.Linear{}, straight(0)},
		"linear with σ_min":   {sde.Linear{SigmaMin: 1e-4}, straight(1e-4)},
		"DDPM, 1000 steps":    {discrete(sde.VP{}.Discrete(1000)), ddpm(0.1, 20, 1000)},
		"NCSN, 1000 steps":    {discrete(sde.VE{}.Discrete(1000)), ncsn(0.01, 50, 1000)},
		"user's exponential":  {exponential(math.Expm1), vp(2, 2)},
		"constant rate, fine": {discrete(sde.NewDDPM([]float64{1e-9, 1e-9})), flat(1e-9)},
	} {
		t.Run(name, func(t *testing.T) {
			worst := inaccuracy(c.process, c.want)
			t.Logf("largest relative error %.1e", worst)
			require.Less(t, worst, 1e-12)
		})
	}
}

// flat is the variance-preserving process whose α² falls by β in each step.
func flat(beta float64) reference {
	return func(t wide) (alpha, sigma, f, g2 wide) {
		f = half(log(sub(num(1), num(beta))))
		alpha = exp(mul(f, t))
		return alpha, root(sub(num(1), mul(alpha, alpha))), f, mul(num(-2), f)
	}
}

// exponential is VP with β = 2, from functions of a user.
func exponential(expm1 func(float64) float64) sde.Schedule {
	return sde.Schedule{
		Alpha: func(t float64) (value, derivative float64) { return math.Exp(-t), -math.Exp(-t) },
		Sigma: func(t float64) (value, derivative float64) {
			sigma := math.Sqrt(-expm1(-2 * t))
			return sigma, math.Exp(-2*t) / sigma
		},
		Start: 1e-5, End: 3,
	}
}

func TestCancellationIsSeen(t *testing.T) {
	naive := exponential(func(x float64) float64 { return math.Exp(x) - 1 })
	require.Greater(t, inaccuracy(naive, vp(2, 2)), 1e-3)
}
