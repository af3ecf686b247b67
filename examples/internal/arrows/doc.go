// Package arrows holds the tests that keep the module in shape: which package
// may import which, what stands at the top of the repository, and that every
// package says what it is.
//
//	        examples
//	     /     |      \
//	sampler  score   dataset
//	     \    /  \
//	      sde     nn ── nn/ad ── nn/internal/kernel
//
// An arrow points at what is imported. sde knows nothing of networks, nn
// nothing of diffusion, sampler nothing of training, and no library package
// imports dataset. dataset/figure, which draws, stands alone: it imports nothing
// of the module, and nothing but examples imports it. Tests may import what they
// like.
package arrows
