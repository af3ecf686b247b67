package score

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// missing counts the records that are not reproduced, by reason.
type missing map[string]int

func (m missing) log(t *testing.T, ran int) {
	var lines []string
	for reason, n := range m {
		lines = append(lines, fmt.Sprintf("%d: %s", n, reason))
	}
	sort.Strings(lines)
	t.Logf("%d records reproduced; left out: %s", ran, strings.Join(lines, "; "))
	require.NotZero(t, ran)
}

// spanned is a process with another span.
type spanned struct {
	sde.SDE
	start, end float64
}

func (p spanned) Span() (start, end float64) { return p.start, p.end }

// wide is the process whose time is σ, over a wide span.
var wide = sde.EDM{SigmaMin: 1e-6, SigmaMax: 1e6}

// exactly evaluates 0.9 f + 0.1 for the mixture's score or denoiser at each row.
func exactly(law *dataset.Mixture, b rig, f func(p dataset.Diffused, dst, x []float64) []float64) []float64 {
	n, d := b.x0.Dims()
	all := make([]float64, n*d)
	for i, t := range b.t {
		α, σ := b.process.Kernel(t)
		x := make([]float64, d)
		for j := range x {
			x[j] = α*b.x0.At(i, j) + σ*b.z.At(i, j)
		}
		row := f(law.Diffuse(α, σ), all[i*d:(i+1)*d], x)
		for j := range row {
			row[j] = 0.9*row[j] + 0.1
		}
	}
	return all
}

func TestFixtureScoreSDELosses(t *testing.T) {
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []struct {
			SDE      string  `json:"sde"`
			BetaMin  float64 `json:"beta_min"`
			BetaMax  float64 `json:"beta_max"`
			SigmaMin float64 `json:"sigma_min"`
			SigmaMax float64 `json:"sigma_max"`
			End      float64 `json:"T"`
			Mixture  int     `json:"mixture"`
			Losses   []struct {
				Likelihood bool          `json:"likelihood_weighting"`
				Mean       bool          `json:"reduce_mean"`
				Eps        float64       `json:"eps"`
				Batch      fixture.Array `json:"batch"`
				U          []float64     `json:"u_for_t"`
				Z          fixture.Array `json:"z"`
				Loss       float64       `json:"loss"`
			} `json:"dsm_losses"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("sde", &file))
	ran := 0
	for i, c := range file.Cases {
		p := map[string]sde.SDE{
			"VPSDE": sde.VP{BetaMin: c.BetaMin, BetaMax: c.BetaMax}, "subVPSDE": sde.SubVP{BetaMin: c.BetaMin, BetaMax: c.BetaMax},
			"VESDE": sde.VE{SigmaMin: c.SigmaMin, SigmaMax: c.SigmaMax},
		}[c.SDE]
		for k, r := range c.Losses {
			t.Run(fmt.Sprintf("%d/%d %s", i, k, c.SDE), func(t *testing.T) {
				ran++
				b := rig{process: p, weight: Likelihood{}, x0: r.Batch.Dense(), z: r.Z.Dense()}
				for _, u := range r.U {
					b.t = append(b.t, UniformTimes{}.At(spanned{p, r.Eps, c.End}, u))
				}
				_, d := b.x0.Dims()
				s := ad.Input("s", d)
				b.score = func(*ad.Expr, Batch) *ad.Expr { return s }
				b.more = map[*ad.Expr][]float64{s: exactly(file.Mixtures[c.Mixture].Distribution(), b, dataset.Diffused.ScoreInput)}
				var o Objective = NCSN{}
				if r.Likelihood {
					o = DSM{}
				}
				loss := stat.Mean(b.rows(o), nil)
				if r.Mean { // without the ½, and over coordinates
					loss *= 2 / float64(d)
				}
				require.InEpsilon(t, r.Loss, loss, 1e-7)
			})
		}
	}
	missing{}.log(t, ran)
}

func TestFixtureEDMLosses(t *testing.T) {
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Losses   []struct {
			Name    string             `json:"name"`
			Options map[string]float64 `json:"options"`
			Mixture int                `json:"mixture"`
			Y       fixture.Array      `json:"y"`
			Draw    []float64          `json:"draw_for_sigma"`
			N       fixture.Array      `json:"n"`
			Sigma   []float64          `json:"sigma"`
			Weight  []float64          `json:"weight"`
			Loss    fixture.Array      `json:"loss_elementwise"`
		} `json:"losses"`
	}
	require.NoError(t, fixture.Read("edm", &file))
	ran := 0
	for i, r := range file.Losses {
		t.Run(fmt.Sprintf("%d %s", i, r.Name), func(t *testing.T) {
			ran++
			b := rig{process: wide, weight: Simple{}, x0: r.Y.Dense(), z: r.N.Dense(), t: r.Sigma}
			var law Times
			p, quantile := sde.SDE(wide), func(u float64) float64 { return u }
			switch o := r.Options; r.Name {
			case "VPLoss": // from the end to ε
				p = spanned{sde.VP{BetaMin: o["beta_min"], BetaMax: o["beta_min"] + o["beta_d"]}, o["epsilon_t"], 1}
				law, quantile = UniformTimes{}, func(u float64) float64 { return 1 - u }
			case "VELoss":
				law = LogUniform{Low: o["sigma_min"], High: o["sigma_max"]}
			case "EDMLoss":
				law, quantile = LogNormal{Mean: o["P_mean"], Std: o["P_std"]}, normalCDF
				b.weight = EDMWeight{Variance: o["sigma_data"] * o["sigma_data"]}
			default:
				require.FailNow(t, "unknown loss", r.Name)
			}
			for k, σ := range r.Sigma {
				a, s := p.Kernel(law.At(p, quantile(r.Draw[k])))
				require.InEpsilon(t, σ, s/a, 1e-8)
				require.InEpsilon(t, r.Weight[k], b.weight.At(wide, σ), 1e-10)
			}
			_, d := b.x0.Dims()
			den := ad.Input("D", d)
			b.denoiser = func(*ad.Expr, Batch) *ad.Expr { return den }
			b.more = map[*ad.Expr][]float64{den: exactly(file.Mixtures[r.Mixture].Distribution(), b, dataset.Diffused.Denoise)}
			for k, loss := range b.rows(DSM{}) {
				require.InEpsilon(t, floats.Sum(r.Loss.At(k).Data), loss, 1e-9)
			}
		})
	}
	missing{}.log(t, ran)
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func TestFixtureEDMPreconditioning(t *testing.T) {
	var file struct {
		Records []struct {
			Name    string             `json:"name"`
			Options map[string]float64 `json:"options"`
			Sigma   []float64          `json:"sigma"`
			Skip    []float64          `json:"c_skip"`
			Out     []float64          `json:"c_out"`
			In      []float64          `json:"c_in"`
			Noise   []float64          `json:"c_noise"`
			X       []float64          `json:"x"`
			D       []float64          `json:"D"`
			F       float64            `json:"F"`
		} `json:"preconditioning"`
	}
	require.NoError(t, fixture.Read("edm", &file))
	ran, left := 0, missing{}
	for i, r := range file.Records {
		if r.Name == "VEPrecond" {
			left["VEPrecond, which does not scale the network's input: a Precond of one's own"]++
			continue
		}
		t.Run(fmt.Sprintf("%d %s", i, r.Name), func(t *testing.T) {
			var c Precond = Epsilon{}
			switch r.Name {
			case "EDMPrecond":
				c = EDM{Variance: r.Options["sigma_data"] * r.Options["sigma_data"]}
			default:
				left["c_noise of "+r.Name+", a time of its own table: the network is told ¼ ln(σ/α) (the rest of the record is reproduced)"]++
			}
			ran++
			for k, σ := range r.Sigma {
				got := c.Coeffs(wide, σ)
				require.InEpsilon(t, r.Skip[k], got.Skip, 1e-10)
				require.InEpsilon(t, r.Out[k], got.Out, 1e-10)
				require.InEpsilon(t, r.In[k], got.In, 1e-10)
				require.InDelta(t, 1-r.Skip[k], got.Rest, 1e-10)
				require.InDelta(t, r.D[k], got.Skip*r.X[k]+got.Out*r.F, 1e-10*(1+σ))
				if r.Name == "EDMPrecond" {
					require.InDelta(t, r.Noise[k], got.Noise, 1e-12)
				}
			}
		})
	}
	left.log(t, ran)
}

// azula is one of azula's schedules, as far as its kernel goes.
type azula struct {
	sde.SDE
	name string
	o    map[string]float64
}

func (p azula) Kernel(t float64) (alpha, sigma float64) {
	lowest, σmin := p.o["alpha_min"], p.o["sigma_min"]
	switch p.name {
	case "VESchedule":
		return 1, σmin * math.Pow(p.o["sigma_max"]/σmin, t)
	case "VPSchedule":
		alpha = math.Exp(math.Log(lowest) * t * t)
		return alpha, math.Sqrt(1 - alpha*alpha + σmin*σmin)
	case "CosineSchedule":
		alpha = math.Cos(math.Acos(lowest) * t)
		return alpha, math.Sqrt(1 - alpha*alpha + σmin*σmin)
	case "RectifiedSchedule":
		return 1 + (lowest-1)*t, σmin + (1-σmin)*t
	case "DecaySchedule":
		part := (math.Pow(p.o["gamma"], t) - 1) / (p.o["gamma"] - 1)
		return 1 + (lowest-1)*part, σmin + (1-σmin)*part
	}
	panic("unknown schedule " + p.name)
}

// azula's denoisers are X0 and EDM, whose backbone is told ln(σ/α), and both
// are trained with the EDM weight.
func TestFixtureAzulaDenoisers(t *testing.T) {
	var file struct {
		Records []struct {
			Class    string             `json:"class"`
			Schedule string             `json:"schedule"`
			Options  map[string]float64 `json:"schedule_options"`
			W        fixture.Array      `json:"W"`
			B        []float64          `json:"b"`
			X        fixture.Array      `json:"x_t"`
			T        []float64          `json:"t"`
			Mean     fixture.Array      `json:"mean"`
			Clean    fixture.Array      `json:"loss_x_clean"`
			Z        fixture.Array      `json:"loss_z"`
			Loss     float64            `json:"loss"`
		} `json:"denoisers"`
	}
	require.NoError(t, fixture.Read("azula", &file))
	ran := 0
	for i, r := range file.Records {
		t.Run(fmt.Sprintf("%d %s %s", i, r.Class, r.Schedule), func(t *testing.T) {
			ran++
			c := map[string]Precond{"SimpleDenoiser": X0{}, "KarrasDenoiser": EDM{}}[r.Class]
			require.NotNil(t, c)
			n, d := r.X.Shape[0], r.X.Shape[1]
			b := rig{process: azula{sde.VP{}, r.Schedule, r.Options}, weight: EDMWeight{}, x0: r.Clean.Dense(), z: r.Z.Dense(), t: r.T}
			b.theta = mat.DenseCopyOf(r.W.Dense().T()).RawMatrix().Data
			coeffs, values := ad.Input("coeffs", 4), make([]float64, 0, 4*n)
			for _, t := range r.T {
				k := c.Coeffs(b.process, t)
				values = append(values, k.Skip, k.Out, k.In, 4*k.Noise)
			}
			col := func(i int) *ad.Expr { return ad.Slice(coeffs, i, i+1) }
			w := ad.Param("W", d, d, 0)
			b.more = map[*ad.Expr][]float64{coeffs: values}
			b.denoiser = func(x *ad.Expr, _ Batch) *ad.Expr {
				f := ad.Tanh(ad.Add(ad.MatMul(ad.Mul(col(2), x), w), ad.Mul(col(3), ad.Row(r.B))))
				return ad.Add(ad.Mul(col(0), x), ad.Mul(col(1), f))
			}
			x := ad.Input("x", d)
			mean := b.eval(b.denoiser(x, Batch{}), map[*ad.Expr][]float64{x: r.X.Data, coeffs: values})
			require.InDeltaSlice(t, r.Mean.Data, mean, 1e-10)
			require.InEpsilon(t, r.Loss, floats.Sum(b.rows(DSM{}))/float64(n*d), 1e-9)
		})
	}
	missing{}.log(t, ran)
}

// The losses of torch's networks, each replaced by its value and Jacobian at the
// rows, which are all that the losses depend on. Their gradients are compared in
// package ad.
func TestFixtureTorchLosses(t *testing.T) {
	var file struct {
		Cases []struct {
			Name           string `json:"name"`
			D              int    `json:"d"`
			B              int    `json:"B"`
			X0, Eps, X, V  fixture.Array
			Sigma          []float64
			Out, Jacobian  fixture.Array
			Score, Hessian fixture.Array
			Losses         map[string]struct{ Loss float64 }
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("autodiff", &file))
	ran := 0
	for _, c := range file.Cases {
		s, jacobian, sign := c.Out.Data, c.Jacobian.Data, 1.0
		if c.Score.Shape != nil { // of an energy: J = −H
			s, jacobian, sign = c.Score.Data, c.Hessian.Data, -1
		}
		value, slope, at := ad.Input("s", c.D), ad.Input("J", c.D*c.D), ad.Input("at", c.D)
		linear := func(x *ad.Expr, _ Batch) *ad.Expr {
			rows := make([]*ad.Expr, c.D)
			for i := range rows {
				rows[i] = ad.Scale(sign, dot(ad.Slice(slope, i*c.D, (i+1)*c.D), ad.Sub(x, at)))
			}
			return ad.Add(value, ad.Concat(rows...))
		}
		b := rig{process: wide, x0: c.X0.Dense(), z: c.Eps.Dense(), t: c.Sigma, score: linear,
			more: map[*ad.Expr][]float64{value: s, slope: jacobian, at: c.X.Data}}
		v := ad.Input("v", c.D)
		b.more[v] = c.V.Data
		for name, loss := range map[string]func(s *ad.Expr, d Batch) *ad.Expr{
			"dsm":    func(s *ad.Expr, d Batch) *ad.Expr { return NCSN{}.Loss(nil, b.fields(d), d) },
			"ism":    func(s *ad.Expr, d Batch) *ad.Expr { return ad.Div(ISM{}.Loss(nil, b.fields(d), d), ad.Square(d.Sigma)) },
			"ssm":    func(s *ad.Expr, d Batch) *ad.Expr { return ad.Add(curvature(s, d.Xt, v), half(dot(v, s))) },
			"ssm_vr": func(s *ad.Expr, d Batch) *ad.Expr { return ad.Add(curvature(s, d.Xt, v), half(s)) },
		} {
			want, ok := c.Losses[name]
			if !ok {
				continue
			}
			t.Run(c.Name+" "+name, func(t *testing.T) {
				ran++
				d, values := b.leaves()
				got := stat.Mean(b.eval(loss(linear(d.Xt, d), d), values), nil)
				require.InDelta(t, want.Loss, got, 1e-10*(1+math.Abs(want.Loss)))
			})
		}
	}
	missing{}.log(t, ran)
}
