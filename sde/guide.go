package sde

import (
	"fmt"
	"math"
)

// Guide returns the Problem of classifier-free guidance (Ho & Salimans 2022), whose
// score is
//
//	s_u + w (s_c − s_u),
//
// from a conditional and an unconditional Problem: w = 1 is the conditional
// score, w = 0 the unconditional one, for the price of one score, and w > 1 leans
// towards what tells the condition from others. For other w than these two no data have
// such scores at all times: samples follow the tilted distribution p_u^{1−w} p_c^w in
// tendency only. (They follow it exactly where both are normals of one covariance, whose tilt
// has the mean (1−w) m_u + w m_c.)
//
// It is autoguidance (Karras et al. 2024) when the first Problem is that of a good
// model and the second that of a bad one, a smaller or less trained model of the
// same data under the same conditions:
//
//	s_bad + w (s_good − s_bad),   w > 1,
//
// which goes away from what the bad model gets wrong. It mends errors that the good
// model has too, and smaller; where that has none, samples become narrower than the
// data. Both models need the same process and Frame, hence the same columns' means and
// scales.
//
// Guidance at some noise levels only is Within, that by a classifier GuideByClassifier.
//
// Everything else is the conditional Problem's, breakpoints are those of both,
// and the larger rounding error counts. The score has the capabilities that both
// have. Errors wrap ErrRange: a w that is not finite, and two Problems of
// different processes, frames, or numbers of rows.
func Guide(conditional, unconditional Problem, w float64) (Problem, error) {
	p, err := newPair("Guide", "conditional", conditional, "unconditional", unconditional)
	if err != nil {
		return Problem{}, err
	}
	if err := finiteWeight("Guide", w); err != nil {
		return Problem{}, err
	}
	return p.always(w, 1-w).Problem(), nil
}

// GuideByClassifier returns the Problem of classifier guidance (Dhariwal & Nichol
// 2021), whose score is
//
//	s + w ∇ₓ log p(c | x_t).
//
// The classifier is a Problem whose Score is not that of a distribution but this
// gradient: Score(dst, x, t) writes ∇ₓ log p(c | x_t = x) into dst, the derivative of the
// probability of a class given the noised row. Its process and Frame say for what rows it
// was made and have to be p's. Where every row of a run wants a class of its own it says
// for how many in Rows, and its Score is a Selector. score.Classifier makes such a
// Problem from a network.
//
// At w = 1 this is the score of the rows of class c, by Bayes' rule. For other
// w it is that of p_t(x) p(c|x_t = x)^w, which are not the noised forms of one
// distribution: see Guide, which is the same for ∇ log p(c|x_t) = s_c − s_u.
//
// Everything else is as for Guide: derivatives and log-densities
// are there when both have them, the classifier's being those of ∇ log p(c|x_t) and of
// log p(c|x_t). Errors wrap ErrRange.
func GuideByClassifier(p, classifier Problem, w float64) (Problem, error) {
	q, err := newPair("GuideByClassifier", "guided", p, "classifier's", classifier)
	if err != nil {
		return Problem{}, err
	}
	if err := finiteWeight("GuideByClassifier", w); err != nil {
		return Problem{}, err
	}
	q.conditional = true // its rows are those of a class
	return q.always(1, w).Problem(), nil
}

// Within returns the Problem whose score is that of inside for noise levels from
// low to high, and that of outside for all others:
//
//	s = s_inside   where low ≤ σ/α ≤ high,   s_outside elsewhere.
//
// Guidance on an interval (Kynkäänniemi et al. 2024) is
//
//	p, err := sde.Guide(conditional, unconditional, w)
//	p, err = sde.Within(p, conditional, low, high)
//
// At high levels guidance takes all samples to the same place, at low ones it
// does nothing; between them larger w than otherwise are of use, and
// elsewhere only outside is evaluated. Levels are those in the coordinates of the process:
// for EDM they are σ, the paper's. A low of 0 and a high of +Inf are no bounds.
//
// Everything else is that of inside, whose rows, frame and process have to be those of
// outside, as for Guide; so are capabilities. The bounds are Breakpoints. A call with
// times on both sides evaluates all its rows on both. Errors wrap ErrRange: bounds that
// are negative, NaN, or not increasing, and an interval none of which is in the span.
func Within(inside, outside Problem, low, high float64) (Problem, error) {
	p, err := newPair("Within", "inside", inside, "outside", outside)
	if err != nil {
		return Problem{}, err
	}
	if !(low >= 0 && low < high) {
		return Problem{}, fmt.Errorf("sde: Within: low, high: are %v and %v, want 0 ≤ low < high: %w", low, high, ErrRange)
	}
	start, end := inside.Span()
	least, most := math.Exp(-LogSNR(inside, start)), math.Exp(-LogSNR(inside, end))
	if high < least || low > most {
		return Problem{}, fmt.Errorf("sde: Within: low, high: are %v and %v, want levels σ/α from %.4g to %.4g, those of %s, among them: %w", low, high, least, most, brief(inside.SDE), ErrRange)
	}
	w := p.always(1, 0)
	w.outside.second = 1
	if low > least {
		w.from = math.Nextafter(lastTime(inside, low, func(level float64) bool { return level < low }), end)
	}
	if high < most {
		w.to = lastTime(inside, high, func(level float64) bool { return level <= high })
	}
	return w.Problem(), nil
}

// lastTime returns the last time of the span at whose level σ/α is holds, which is so from
// the start up to about a given level. TimeAt knows that to rounding only.
func lastTime(p SDE, level float64, is func(float64) bool) float64 {
	start, end := p.Span()
	holds := func(t float64) bool {
		alpha, sigma := p.Kernel(t)
		return is(sigma / alpha)
	}
	at := max(start, min(end, TimeAt(p, -math.Log(level))))
	ulp := math.Nextafter(at, math.Inf(1)) - at
	lo, hi := at, at
	for step := ulp; lo > start && !holds(lo); step *= 2 {
		lo = max(start, lo-step)
	}
	for step := ulp; hi < end && holds(hi); step *= 2 {
		hi = min(end, hi+step)
	}
	for {
		middle := lo + 0.5*(hi-lo)
		if !(lo < middle && middle < hi) {
			return lo
		}
		if holds(middle) {
			lo = middle
		} else {
			hi = middle
		}
	}
}

// finiteWeight refuses a weight that is no number.
func finiteWeight(verb string, w float64) error {
	if !(math.Abs(w) <= math.MaxFloat64) {
		return fmt.Errorf("sde: %s: w: is %v, want a finite number: %w", verb, w, ErrRange)
	}
	return nil
}
