#include "textflag.h"

// equal(needle, high, bits): which of the 64 bytes in Y4 and Y5 are the needle.
#define equal(needle, high, bits) \
	VPCMPEQB  needle, Y4, Y6; \
	VPCMPEQB  needle, Y5, Y7; \
	VPMOVMSKB Y6, bits;       \
	VPMOVMSKB Y7, high;       \
	SHLQ      $32, high;      \
	ORQ       high, bits

// func markBlocksAVX2(into []marks, text []byte, delim byte) (quotes bool, zeros bool)
TEXT ·markBlocksAVX2(SB), NOSPLIT, $0-58
	MOVQ         into_base+0(FP), DI
	MOVQ         into_len+8(FP), CX
	MOVQ         text_base+24(FP), SI
	VPBROADCASTB delim+48(FP), Y0
	MOVL         $0x22, AX
	MOVQ         AX, X1
	VPBROADCASTB X1, Y1
	MOVL         $0x0a, AX
	MOVQ         AX, X2
	VPBROADCASTB X2, Y2
	VPXOR        Y3, Y3, Y3
	VPXOR        Y8, Y8, Y8
	XORQ         R12, R12

next:
	TESTQ    CX, CX
	JZ       done
	VMOVDQU  0(SI), Y4
	VMOVDQU  32(SI), Y5
	equal(Y1, R11, R8)
	equal(Y0, R11, R9)
	equal(Y2, R11, R10)
	ORQ      R8, R12
	ORQ      R10, R9
	MOVQ     R8, 0(DI)
	MOVQ     R9, 8(DI)
	MOVQ     R10, 16(DI)
	VPMINUB  Y5, Y4, Y4
	VPCMPEQB Y3, Y4, Y4
	VPOR     Y4, Y8, Y8
	ADDQ     $64, SI
	ADDQ     $24, DI
	DECQ     CX
	JMP      next

done:
	VPMOVMSKB Y8, AX
	VZEROUPPER
	TESTL     AX, AX
	SETNE     zeros+57(FP)
	TESTQ     R12, R12
	SETNE     quotes+56(FP)
	RET

// place(n): the place of the lowest bit of DX is the n-th number at R10; the bit is dropped.
#define place(n) \
	TZCNTQ DX, R11;        \
	ADDL   BX, R11;        \
	MOVL   R11, (4*n)(R10); \
	BLSRQ  DX, DX

// func putEndsAVX2(into []uint32, blocks []marks, at uint32) (n int)
TEXT ·putEndsAVX2(SB), NOSPLIT, $0-64
	MOVQ into_base+0(FP), DI
	MOVQ blocks_base+24(FP), SI
	MOVQ blocks_len+32(FP), CX
	MOVL at+48(FP), BX
	MOVQ DI, R8

block:
	TESTQ   CX, CX
	JZ      end
	MOVQ    8(SI), DX
	POPCNTQ DX, R9
	MOVQ    DI, R10
	TESTQ   DX, DX
	JZ      none

eight:
	place(0)
	place(1)
	place(2)
	place(3)
	place(4)
	place(5)
	place(6)
	place(7)
	ADDQ  $32, R10
	TESTQ DX, DX
	JNZ   eight

none:
	LEAQ (DI)(R9*4), DI
	ADDL $64, BX
	ADDQ $24, SI
	DECQ CX
	JMP  block

end:
	SUBQ R8, DI
	SHRQ $2, DI
	MOVQ DI, n+56(FP)
	RET
