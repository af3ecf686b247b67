// Package nn describes networks and initialises their parameters. It knows
// nothing of diffusion, and no layer in it has a derivative:
// a Module maps expressions of package ad to expressions, and ad.Grad and
// ad.JVP do the rest.
//
// # Networks
//
// A network F_θ(x; c, k) is a function of the rows x, of a time c and of
// further conditions k, both common to all rows or one a row, with the same
// bits either way. All its parameters lie in one flat vector θ (Params), and
// so does every gradient, moment and average of them. Its Role says what a parameter is
// to its layer, as an optimiser of matrices wants to know. An MLP conditions each
// hidden layer on an embedding e of (c, k), in FiLM form
//
//	h_l = a((h_{l−1} W_l + b_l) ⊙ (1 + e G_l) + e B_l),   F = h_L W_out + b_out,
//
// with a norm of h W + b if wanted, and may see x through Fourier features. Energy makes
// of a one-column network E_θ the conservative field F = −∇ₓ E_θ.
//
// Networks of other shapes are put together from layers, each a Module:
//
//	Linear          x W + b
//	LayerNorm       g ⊙ (x − μ)/√(s² + ε) + b, μ and s² of the row
//	RMSNorm         x/√(mean x² + ε)
//	Residual        x + Body(x)
//	Dropout         x ⊙ [u ≥ P]/(1−P) in training, u addressed
//	Condition       z ⊙ (1 + e G) + e B, or z + e C
//	Embedded        e = (Time(c), Cond(k)) once for all of Body
//	Embedding       Σ_k w_k table_k, w the indicator of a label or weights
//	OneHot          [x = k], k = 0, 1, …; no class gives zeros
//	Fourier         (x, sin wx, cos wx), with gates if wanted; TimeFourier without x
//	Sequential, Parallel, Columns
//	SiLU, GELU, GELUTanh, ReLU, LeakyReLU, ELU, Tanh, Softplus, Sigmoid, of each number
//
// Each layer has a scope of its own, in which its parameters have their names; two
// layers have the same weights only when Build.Share says so. Validate finds
// hyper-parameters that cannot be anywhere in a network, Build.Try and Check layers
// that do not fit.
//
// Labels reach a network as a column of numbers 0, 1, … of the conditions; −1
// is none.
//
// # Signals, pictures, words, columns
//
// A sample may be positions on one axis or two, each with channels: the points of a
// signal, the pixels of a picture, words, the columns of a table. In its row the
// channels of a position lie side by side, and the positions row by row, so that a
// picture of one channel is its pixels. Size says how many positions each axis has. What
// works on them takes and gives one row a sample, as all layers do:
//
//	Conv              y_p = b + Σ_d x_{Stride·p+d} W_d
//	Resample          positions ↔ channels: patches, pixel shuffle
//	GroupNorm         the norm of groups of channels over all positions
//	Attention         softmax(q kᵀ/√·) v between positions, by heads
//	Positions         x + p, p learned
//	Pointwise         Body at each position, any layer above
//	Mean              the mean over all positions, for sets
//	TransformerBlock  attention and a hidden layer, both added, norm-first
//
// Four networks are made of them: UNet for pictures and signals, Transformer for
// patches and words, Mixer for few tokens, and TabularTransformer, whose tokens are the
// columns of a table. In them an embedding of the time and the conditions by two layers
// of its own scales and shifts the channels in both norms of every block.
//
// # Initial weights
//
// With W ~ N(0, 2/fan-in) a layer keeps the mean square of a signal that a
// rectifier has halved (He et al. 2015); with N(0, 1/fan-in) that of any
// signal (LeCun et al. 1998). It matters more here than elsewhere: when the
// signal shrinks from layer to layer an activation such as SiLU is nearly
// linear on its range, for centred and whitened data the best linear F is zero,
// and F = 0 is a saddle that training does not leave, while the loss is finite
// and samples look plausible. MLP.Spread measures it before training. For the
// same reason the weights of e start at zero: a wide embedding beside x would
// drown it.
//
// Package optim trains what this one describes, package pool shares the work.
// RecipeMLP holds settings found by experiment for small score networks.
//
// # References
//
//	Ba, Kiros & Hinton 2016  Layer Normalization, arXiv:1607.06450
//	Dosovitskiy et al. 2021  An Image is Worth 16x16 Words, arXiv:2010.11929
//	Glorot & Bengio 2010     Understanding the difficulty of training deep feedforward neural networks, AISTATS
//	Gorishniy et al. 2021    Revisiting Deep Learning Models for Tabular Data, arXiv:2106.11959
//	He et al. 2015           Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification, arXiv:1502.01852
//	He et al. 2016           Deep Residual Learning for Image Recognition, arXiv:1512.03385
//	Ho et al. 2020           Denoising Diffusion Probabilistic Models, arXiv:2006.11239
//	LeCun et al. 1998        Efficient BackProp, in Neural Networks: Tricks of the Trade
//	LeCun et al. 1998        Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86
//	Liu et al. 2021          Swin Transformer, arXiv:2103.14030
//	Peebles & Xie 2023       Scalable Diffusion Models with Transformers, arXiv:2212.09748
//	Perez et al. 2018        FiLM: Visual Reasoning with a General Conditioning Layer, arXiv:1709.07871
//	Ronneberger et al. 2015  U-Net: Convolutional Networks for Biomedical Image Segmentation, arXiv:1505.04597
//	Salimans & Ho 2021       Should EBMs model the energy or the score?, ICLR workshop
//	Shaw et al. 2018         Self-Attention with Relative Position Representations, arXiv:1803.02155
//	Shi et al. 2016          Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network, arXiv:1609.05158
//	Srivastava et al. 2014   Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 15
//	Tancik et al. 2020       Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, arXiv:2006.10739
//	Tolstikhin et al. 2021   MLP-Mixer: An all-MLP Architecture for Vision, arXiv:2105.01601
//	Vaswani et al. 2017      Attention Is All You Need, arXiv:1706.03762
//	Wu & He 2018             Group Normalization, arXiv:1803.08494
//	Xiong et al. 2020        On Layer Normalization in the Transformer Architecture, arXiv:2002.04745
//	Zaheer et al. 2017       Deep Sets, arXiv:1703.06114
//	Zhang & Sennrich 2019    Root Mean Square Layer Normalization, arXiv:1910.07467
package nn
