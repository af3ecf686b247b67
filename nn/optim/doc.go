// Package optim optimises the parameters of networks: optimisers, learning rates,
// averages of the weights, and bounds for gradients. All of them see the
// parameters as one flat vector θ; a Binder is told the network's parameters besides.
//
// One step, with gradient g, counted from 0 by all parts alike:
//
//	‖g‖ = ClipNorm(g, 1)                        g ← g min(1, 1/‖g‖)
//	Step(optimizer, θ, g, step, rate.At(step))  Adam: θ ← θ − η m̂/(√v̂ + ε)
//	ema.Update(shadow, θ, step)                 shadow ← β shadow + (1−β) θ
//
// The optimisers, with the gradient's running mean m̂ and mean square v̂, freed
// of the bias of their start:
//
//	SGD             θ ← θ − η m, m ← μm + (1−τ)g       (Polyak 1964; Nesterov 1983)
//	Adam            θ ← θ − η m̂/(√v̂ + ε)               (Kingma & Ba 2015)
//	AMSGrad         v̂ does not shrink                  (Reddi et al. 2018)
//	RAdam           η r m̂/√v̂, r from the variance of v̂ (Liu et al. 2020)
//	NAdam           m̂ one step ahead                   (Dozat 2016)
//	RMSprop         η g/(√v + ε)                       (Tieleman & Hinton 2012)
//	Adagrad         η g/(√Σg² + ε)                     (Duchi et al. 2011)
//
// Two see matrices: a weight W with its bias as a further row, r×c, of the gradient G.
//
//	SOAP   Adam in the eigenbasis of the mean L of GGᵀ           (Vyas et al. 2024)
//	       L = QΛQᵀ,  W ← W − η Q m̂/(√v̂ + ε), m̂ and v̂ of QᵀG; on both sides of QᵀGP
//	Muon   W ← W − η ·0.2 √max(r, c) UVᵀ, M = USVᵀ the momentum  (Jordan et al. 2024)
//
// They turn what a layer's inputs have in common, which moves all weights of the layer
// together, into directions that Adam can treat one by one; the products are those of
// the network. What is no matrix they move by Adam. Blocks lists the matrices, and
// Blockwise lets several goroutines move them, for an optimiser of one's own as well.
//
// All but SGD take a gradient's element beyond 2⁶³ (2⁵¹¹ in float64) to be that: its
// square would be infinite, and what is divided by the root of an infinity never
// moves again. SOAP and Muon take 2⁵⁰ (2⁴⁹⁰) for more.
//
// All decay weights by θ ← θ(1−ηλ), not through the gradient (Loshchilov &
// Hutter 2019); GroupDecay does so with a λ for each parameter. That is for ηλ < 1:
// beyond 1 weights change their signs, and beyond 2 they grow without bound. An L2
// penalty would be a term of the loss. Rates and averages of step s, n = s+1:
//
//	WarmUp          η n/W until W, then another rate
//	SlowStart       (1 − γⁿ) times another rate
//	Cosine          a half cosine from peak to floor   (Loshchilov & Hutter 2017)
//	CosineRestarts  half cosines, each longer          (the same)
//	OneCycle        up and down once                   (Smith & Topin 2019)
//	StepDecay       γ^⌊s/S⌋;  Milestones at given steps
//	Exponential     γˢ
//	Polynomial      (1 − s/S)ᵖ
//	InversePower    (1 + s/S)^−p, p = ½                (Vaswani et al. 2017)
//	EMA             β = min(Decay, (1+n)/(10+n))
//	HalfLife        β = 2^(−1/h)                       (Karras et al. 2022)
//	PowerFunction   β = (1 − 1/n)^(γ+1)                (Karras et al. 2024)
//	PowerRamp       β = 1 − (1 + s/S)^−p
//
// ClipNorm, ClipPNorm and ClipValue bound a gradient. An Updater makes clipping,
// step and average on several goroutines, with an Optimizer of one's own as with
// those above, and with the same bits for any number of them.
//
// The zero values of Adam, SOAP and EMA, RecipeRate and RecipeRateSOAP are settings found by experiment
// for small score networks.
//
// # References
//
//	Dozat 2016               Incorporating Nesterov Momentum into Adam, ICLR workshop
//	Duchi et al. 2011        Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, JMLR 12
//	Graves 2013              Generating Sequences With Recurrent Neural Networks, arXiv:1308.0850
//	Jordan et al. 2024       Muon: An optimizer for hidden layers in neural networks, kellerjordan.github.io/posts/muon
//	Karras et al. 2022       Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Karras et al. 2024       Analyzing and Improving the Training Dynamics of Diffusion Models, arXiv:2312.02696
//	Kingma & Ba 2015         Adam: A Method for Stochastic Optimization, arXiv:1412.6980
//	Liu et al. 2020          On the Variance of the Adaptive Learning Rate and Beyond, arXiv:1908.03265
//	Liu et al. 2025          Muon is Scalable for LLM Training, arXiv:2502.16982
//	Loshchilov & Hutter 2017 SGDR: Stochastic Gradient Descent with Warm Restarts, arXiv:1608.03983
//	Loshchilov & Hutter 2019 Decoupled Weight Decay Regularization, arXiv:1711.05101
//	Nesterov 1983            A method for solving the convex programming problem with convergence rate O(1/k²), Soviet Math. Dokl. 27
//	Pascanu et al. 2013      On the difficulty of training Recurrent Neural Networks, arXiv:1211.5063
//	Polyak 1964              Some methods of speeding up the convergence of iteration methods, USSR Comput. Math. Math. Phys. 4
//	Reddi et al. 2018        On the Convergence of Adam and Beyond, arXiv:1904.09237
//	Smith & Topin 2019       Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, arXiv:1708.07120
//	Sutskever et al. 2013    On the importance of initialization and momentum in deep learning, ICML
//	Tieleman & Hinton 2012   Lecture 6.5: rmsprop, Coursera: Neural Networks for Machine Learning
//	Vaswani et al. 2017      Attention Is All You Need, arXiv:1706.03762
//	Vyas et al. 2024         SOAP: Improving and Stabilizing Shampoo using Adam, arXiv:2409.11321
package optim
