package score

import (
	"fmt"
	"maps"
	"math"
	"slices"
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
	type loss struct {
		Likelihood bool          `json:"likelihood_weighting"`
		Mean       bool          `json:"reduce_mean"`
		Eps        float64       `json:"eps"`
		Batch      fixture.Array `json:"batch"`
		U          []float64     `json:"u_for_t"`
		Z          fixture.Array `json:"z"`
		Loss       float64       `json:"loss"`
	}
	type process struct {
		SDE      string  `json:"sde"`
		BetaMin  float64 `json:"beta_min"`
		BetaMax  float64 `json:"beta_max"`
		SigmaMin float64 `json:"sigma_min"`
		SigmaMax float64 `json:"sigma_max"`
		End      float64 `json:"T"`
		Mixture  int     `json:"mixture"`
		Losses   []loss  `json:"dsm_losses"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []process         `json:"cases"`
	}](t, "sde")
	type record struct {
		name string
		process
		loss
	}
	var records []record
	for i, c := range file.Cases {
		for k, r := range c.Losses {
			records = append(records, record{fmt.Sprintf("%d/%d %s", i, k, c.SDE), c, r})
		}
	}
	fixture.Each(t, records, func(_ int, r record) string { return r.name }, func(t *testing.T, r record) {
		p := map[string]sde.SDE{
			"VPSDE": sde.VP{BetaMin: r.BetaMin, BetaMax: r.BetaMax}, "subVPSDE": sde.SubVP{BetaMin: r.BetaMin, BetaMax: r.BetaMax},
			"VESDE": sde.VE{SigmaMin: r.SigmaMin, SigmaMax: r.SigmaMax},
		}[r.SDE]
		b := rig{process: p, weight: Likelihood{}, x0: r.Batch.Dense(), z: r.Z.Dense()}
		for _, u := range r.U {
			b.t = append(b.t, UniformTimes{}.Quantile(spanned{p, r.Eps, r.End}, u))
		}
		_, d := b.x0.Dims()
		s := ad.Input("s", d)
		b.score = func(*ad.Expr, Batch) *ad.Expr { return s }
		b.more = map[*ad.Expr][]float64{s: exactly(file.Mixtures[r.Mixture].Distribution(), b, dataset.Diffused.ScoreInput)}
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

func TestFixtureEDMLosses(t *testing.T) {
	type record struct {
		Name    string             `json:"name"`
		Options map[string]float64 `json:"options"`
		Mixture int                `json:"mixture"`
		Y       fixture.Array      `json:"y"`
		Draw    []float64          `json:"draw_for_sigma"`
		N       fixture.Array      `json:"n"`
		Sigma   []float64          `json:"sigma"`
		Weight  []float64          `json:"weight"`
		Loss    fixture.Array      `json:"loss_elementwise"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Losses   []record          `json:"losses"`
	}](t, "edm")
	fixture.Each(t, file.Losses, func(i int, r record) string { return fmt.Sprintf("%d %s", i, r.Name) }, func(t *testing.T, r record) {
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
			a, s := p.Kernel(law.Quantile(p, quantile(r.Draw[k])))
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

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func TestFixtureEDMPreconditioning(t *testing.T) {
	type record struct {
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
	}
	file := fixture.Load[struct {
		Records []record `json:"preconditioning"`
	}](t, "edm")
	fixture.EachExcept(t, file.Records, func(i int, r record) string { return fmt.Sprintf("%d %s", i, r.Name) }, func(r record) string {
		if r.Name == "VEPrecond" {
			return "it does not scale the network's input: a Precond of one's own"
		}
		return ""
	}, func(t *testing.T, r record) {
		var c Precond = Epsilon{}
		switch r.Name {
		case "EDMPrecond":
			c = EDM{Variance: r.Options["sigma_data"] * r.Options["sigma_data"]}
		default:
			t.Log("without c_noise, a time of the peer's own table: the network is told ¼ ln(σ/α)")
		}
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
	type record struct {
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
	}
	file := fixture.Load[struct {
		Records []record `json:"denoisers"`
	}](t, "azula")
	fixture.Each(t, file.Records, func(i int, r record) string {
		return fmt.Sprintf("%d %s %s", i, r.Class, r.Schedule)
	}, func(t *testing.T, r record) {
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

// The losses of torch's networks, each replaced by its value and Jacobian at the
// rows, which are all that the losses depend on. Their gradients are compared in
// package ad.
func TestFixtureTorchLosses(t *testing.T) {
	type network struct {
		Name           string `json:"name"`
		D              int    `json:"d"`
		B              int    `json:"B"`
		X0, Eps, X, V  fixture.Array
		Sigma          []float64
		Out, Jacobian  fixture.Array
		Score, Hessian fixture.Array
		Losses         map[string]struct{ Loss float64 }
	}
	file := fixture.Load[struct {
		Cases []network `json:"cases"`
	}](t, "autodiff")
	type record struct {
		network
		loss string
	}
	var records []record
	for _, c := range file.Cases {
		for _, loss := range slices.Sorted(maps.Keys(c.Losses)) {
			records = append(records, record{c, loss})
		}
	}
	fixture.Each(t, records, func(_ int, c record) string { return c.Name + " " + c.loss }, func(t *testing.T, c record) {
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
		loss := map[string]func(s *ad.Expr, d Batch) *ad.Expr{
			"dsm":    func(s *ad.Expr, d Batch) *ad.Expr { return NCSN{}.Loss(nil, b.fields(d), d) },
			"ism":    func(s *ad.Expr, d Batch) *ad.Expr { return ad.Div(ISM{}.Loss(nil, b.fields(d), d), ad.Square(d.Sigma)) },
			"ssm":    func(s *ad.Expr, d Batch) *ad.Expr { return ad.Add(curvature(s, d.Xt, v), half(dot(v, s))) },
			"ssm_vr": func(s *ad.Expr, d Batch) *ad.Expr { return ad.Add(curvature(s, d.Xt, v), half(s)) },
		}[c.loss]
		require.NotNil(t, loss)
		d, values := b.leaves()
		want, got := c.Losses[c.loss].Loss, stat.Mean(b.eval(loss(linear(d.Xt, d), d), values), nil)
		require.InDelta(t, want, got, 1e-10*(1+math.Abs(want)))
	})
}
