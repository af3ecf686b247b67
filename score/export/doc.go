// Package export turns models and samplers into graphs that package onnx writes, so
// that they run where Go does not: in Python, in a browser, on a GPU, in a model server.
//
//	p := model.Problem()
//	g, err := export.Sampler(p, sampler.Default(p.SDE), nil, nil)
//	if err != nil {
//		return err
//	}
//	return onnx.ExportFile("moons.onnx", g)
//
// The Problem may be that of a model, of a model under conditions or given observations
// (one for all rows, or with Settings.Conditions an input), and what sde.Guide and
// sde.Within make of them. Data go in and come out in their own coordinates: the Frame is
// inside.
//
// # The time
//
// With y = (x − Shift)/Scale all that is exported about a time is
//
//	a(t) y + b(t) s(y, t) = p(t) y + q(t) F(c(t) y, n(t)),
//
// the score for a = 0 and b = 1, the denoiser for 1/α and σ²/α, the probability flow for
// f and −½g². The four functions p, q, c and n of the time contain the process, the
// preconditioning, MinNoise and the weights of guidance. They are computed in float64 and
// written as polynomials of degree 7 between some dozens of knots (Chebyshev's points;
// relative error below 4e-8, less than the rounding of float32), since an engine knows no
// process and has no float64 to spare. So is any process of the caller's own.
//
// # Samplers
//
// On a fixed grid a sampler is a recursion
//
//	x_{k+1} = Σ_i (a_ki x_{k−i} + b_ki s(x_{k−i}, t_{k−i})) + Σ_i c_ki z_i
//
// with numbers that do not depend on the rows. Sampler finds them by running the
// predictor, the corrector and the last denoising step on unit vectors in place of the
// start, the scores and the normals; it looks for the shortest memory that explains them,
// and checks them on random vectors. That is exact, and serves every method of package
// sampler that has no adaptive steps and does not look at norms, but for FlowMap, and
// predictors of the caller's own. Noise is an input: whoever runs the model draws the normals.
//
// # What to expect
//
// Outputs agree with those of the model in float64 to about 1e-6 of a row, or of the terms
// of a score where these cancel. Denoiser is more exact at high noise than Convert of
// a score, since nothing cancels in float32. A column that lies more than 10⁴ deviations
// from 0 is refused, because float32 data have lost the digits that matter: see
// Settings.Standardised.
package export
