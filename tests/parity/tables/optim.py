"""Optimizers with their options, in groups and going up, and the schedules of their learning rates."""

OPTIMIZERS = """
optim.SGD(p)
optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, maximize=True)
optim.SGD([{"params": p[:1], "lr": 0.01}, {"params": p[1:], "momentum": 0}], lr=0.1, momentum=0.9)
optim.SGD(zip("abc", p), lr=0.1, weight_decay=0.1, maximize=True)
optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.01)
optim.Adam(p, lr=0.01, amsgrad=True, maximize=True)
optim.Adam([{"params": p[:2], "amsgrad": True}, {"params": p[2], "lr": 0.1, "betas": (0.4, 0.5)}], weight_decay=0.1)
optim.Adam(p, weight_decay=0.1, decoupled_weight_decay=True)
optim.AdamW(p)
optim.AdamW(p, lr=0.01, weight_decay=0.3, amsgrad=True, maximize=True)
optim.RMSprop(p)
optim.RMSprop(p, lr=0.001, alpha=0.5, momentum=0.9, weight_decay=0.01)
optim.RMSprop(p, lr=0.001, eps=1e-4, momentum=0.5, centered=True, maximize=True)
optim.RMSprop([{"params": p[:1], "centered": True}, {"params": p[1:], "momentum": 0.5}], lr=0.001)
optim.Adagrad(p)
optim.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.01, maximize=True)
optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.5, eps=1e-3)
optim.Adagrad([{"params": p[:1], "lr_decay": 0.5}, {"params": p[1:], "weight_decay": 0.1}])
optim.Adadelta(p)
optim.Adadelta(p, lr=0.5, rho=0.7, eps=1e-3, weight_decay=0.1, maximize=True)
optim.Adadelta([{"params": p[:1], "rho": 0}, {"params": p[1:], "rho": 1.0}], lr=0.1)
"""
SCHEDULES = """
lr_scheduler.StepLR(o, 1)
lr_scheduler.StepLR(o, 7)
lr_scheduler.MultiStepLR(o, [3, 20])
lr_scheduler.MultiStepLR(o, [5, 5, 40], gamma=0.5)
lr_scheduler.ExponentialLR(o, 0.9)
lr_scheduler.LambdaLR(o, lambda epoch: 0.95**epoch)
lr_scheduler.LambdaLR(o, [lambda epoch: epoch // 30, lambda epoch: 1 / (1 + epoch)])
lr_scheduler.CosineAnnealingLR(o, 7, eta_min=0.001)
lr_scheduler.OneCycleLR(o, 0.5, total_steps=51, cycle_momentum=False)
lr_scheduler.OneCycleLR(o, [0.5, 0.1], epochs=6, steps_per_epoch=10, cycle_momentum=False, three_phase=True)
lr_scheduler.OneCycleLR(o, 0.5, 60, pct_start=0.5, anneal_strategy="linear", cycle_momentum=False, div_factor=2)
lr_scheduler.ConstantLR(o)
lr_scheduler.ConstantLR(o, factor=0.25, total_iters=20)
lr_scheduler.ConstantLR(o, total_iters=0)
lr_scheduler.LinearLR(o)
lr_scheduler.LinearLR(o, start_factor=0.01, total_iters=30)
lr_scheduler.LinearLR(o, 1.0, 0.0, 40)
lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o), lr_scheduler.CosineAnnealingLR(o, 30)], [5])
lr_scheduler.SequentialLR(o, [lr_scheduler.ConstantLR(o), lr_scheduler.StepLR(o, 7), lr_scheduler.LinearLR(o)], [9, 30])
lr_scheduler.SequentialLR(o, [lr_scheduler.ExponentialLR(o, 0.9), lr_scheduler.MultiStepLR(o, [3])], milestones=[20])
lr_scheduler.SequentialLR(o, [lr_scheduler.LambdaLR(o, lambda epoch: epoch / 9), lr_scheduler.StepLR(o, 9)], [9])
lr_scheduler.ReduceLROnPlateau(o)
lr_scheduler.ReduceLROnPlateau(o, "max", factor=0.5, patience=1, cooldown=2)
lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.05, threshold_mode="abs", min_lr=[0.001, 0.005])
lr_scheduler.ReduceLROnPlateau(o, mode="max", patience=2, threshold=0.01, threshold_mode="abs", min_lr=0.02, eps=0.01)
"""

# What the programs begin with.
P = "p = nn.Parameter(torch.zeros(2)); "
ADAM = "p.grad = torch.ones(2); o = optim.Adam([p]); o.step(); "
SGD = f"{P}o = optim.SGD([p], lr=0.1, momentum=0.9); "
STEPPED = "o.step(); s.step(); "
WARMED = "s = lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o, 0.5, 1.0, 2), lr_scheduler.StepLR(o, 1)], [2]); "
OWN = "o = type('Own', (optim.Optimizer,), {'step': lambda self: 3})([p], {'lr': 0.1}); "
HALVING = "{'get_lr': lambda self: [base / 2**self.last_epoch for base in self.base_lrs]}"
PROGRAMS = [
    *(
        P + program
        for program in (
            # Options that are refused, and some that are not.
            'optim.SGD([p], lr="0.1")',
            'optim.Adam([p], lr="0.1")',
            'optim.SGD([p], lr=float("nan"))',
            'optim.RMSprop([p], lr=float("nan"))',
            "optim.SGD([p], momentum=-0.1)",
            "optim.SGD([p], weight_decay=-1)",
            "optim.SGD([p], nesterov=True)",
            "optim.SGD([p], 0.1, 0.9, 0, 0, True, False)",
            "optim.SGD([p], learning_rate=0.1)",
            "optim.SGD(lr=0.1)",
            "optim.SGD([p], fused=True, foreach=True)",
            "optim.Adam([p], fused=True, differentiable=True)",
            "optim.Adam([p], betas=(0, 0.9))",
            "optim.Adam([p], betas=(0.5, 1))",
            "optim.Adam([p], betas=0.5)",
            "optim.Adam([p], betas=(0.5,))",
            "optim.Adam([p], betas=[0.5, 0.9])",
            "optim.Adam([p], eps=-1)",
            "optim.AdamW([p], weight_decay=-1)",
            "optim.RMSprop([p], alpha=-1)",
            "optim.Adagrad([p], lr=-1)",
            "optim.Adagrad([p], lr_decay=-1)",
            "optim.Adagrad([p], weight_decay=-1)",
            "optim.Adagrad([p], initial_accumulator_value=-1)",
            "optim.Adagrad([p], eps=-1)",
            "optim.Adadelta([p], lr=-1)",
            "optim.Adadelta([p], rho=1.5)",
            "optim.Adadelta([p], eps=-1)",
            "optim.Adadelta([p], weight_decay=-1)",
            # What is to be optimized.
            "optim.SGD([])",
            "optim.SGD(3)",
            "optim.SGD(p)",
            "optim.SGD({p})",
            "optim.SGD([None])",
            "optim.SGD([np.zeros(2)])",
            "optim.SGD([p * 1])",
            "q = p * 1; q.retain_grad(); optim.SGD([q])",
            "optim.SGD([p, p])",
            "optim.SGD(nn.Linear(2, 2))",
            "optim.SGD(nn.Linear(2, 2).named_parameters())",
            'optim.SGD([p, ("name", p)])',
            'optim.SGD([{"params": p}, {"params": [("name", p)]}])',
            'optim.SGD([{"params": {p}}])',
            'optim.SGD([{"lr": 1}])',
            'optim.SGD([{"params": [p, p]}, {"params": nn.Parameter(torch.ones(1))}]).state_dict()',
            'optim.SGD([p]).add_param_group({"params": p})',
            "optim.SGD([p]).add_param_group([p])",
            'g = {"lr": 3, "params": nn.Parameter(torch.ones(1))}; optim.SGD([p]).add_param_group(g); g',
            # Steps and states.
            "optim.Optimizer([p], {}).step()",
            "optim.Optimizer([p], {})",
            "optim.SGD([p]).step(lambda: torch.tensor(3.0))",
            "optim.SGD([p]).step()",
            "optim.Adam([p]).state",
            "optim.Adagrad([p], initial_accumulator_value=0.5).state",
            "p.grad = torch.ones(2); o = optim.Adadelta([p]); o.step(); o.state_dict()",
            "p.grad = torch.zeros(2); o = optim.SGD([p], momentum=0.9, maximize=True); o.step(); o.state_dict()",
            "p.grad = torch.ones(2); optim.SGD([p]).zero_grad(set_to_none=False); p.grad",
            "p.grad = torch.ones(2); optim.SGD([p]).zero_grad(); p.grad",
            "o = optim.SGD([p]); o.load_state_dict(optim.SGD([p], lr=3.0, momentum=0.5).state_dict()); o",
            "optim.SGD([p]).load_state_dict(optim.SGD([p, nn.Parameter(torch.ones(1))]).state_dict())",
            "optim.SGD([p]).load_state_dict({})",
            'optim.SGD([p]).load_state_dict({"param_groups": [{"params": [0]}]})',
            'optim.SGD([p]).load_state_dict({"param_groups": [], "state": {}})',
            "optim.SGD([p]).load_state_dict(None)",
            "optim.SGD([p]).load_state_dict([])",
            "optim.SGD([p]).load_state_dict(nn.Linear(1, 1).state_dict())",
            f"{ADAM}s = o.state_dict(); o.load_state_dict(s); s['state'][0]['exp_avg'] is o.state[p]['exp_avg']",
            f"{ADAM}q = optim.Adam([p]); q.load_state_dict(o.state_dict()); o.step(); q.state_dict()",
            f"{ADAM}s = o.state_dict(); o.load_state_dict(s); s['param_groups'][0]['lr'] = 5.0; o.param_groups, s",
            f"{ADAM}s = o.state_dict(); o.load_state_dict(s); o.param_groups[0]['lr'] = 5.0; s",
            # A parameter whose elements are one place in memory.
            *(
                f"p = nn.Parameter(torch.zeros(1).expand(3)); p.grad = torch.ones(3); optim.{name}([p], lr=0.1).step()"
                for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta")
            ),
            'o = optim.SGD([("a", p)]); o.load_state_dict(optim.SGD([p], lr=3.0).state_dict()); o.state_dict()',
            "lr_scheduler.LRScheduler(3)",
            "lr_scheduler.LambdaLR(3, lambda epoch: 1)",
            "lr_scheduler.MultiStepLR(3, [3])",
            "lr_scheduler.ReduceLROnPlateau(3)",
            "lr_scheduler.OneCycleLR(3, 0.1, 10)",
            "lr_scheduler.OneCycleLR(optim.Adagrad([p]), 0.1, 10)",
            # Those of one's own.
            f"{OWN}o.step(), o, o.state_dict()",
            f"{OWN}o.state[p]['seen'] = 3; {OWN.replace('o =', 'q =')}q.load_state_dict(o.state_dict()); q.state",
            f"{OWN}s = lr_scheduler.StepLR(o, 1); {STEPPED} s.get_last_lr()",
            f"{OWN}s = lr_scheduler.StepLR(o, 1); s.step()",
            f"{OWN}lr_scheduler.OneCycleLR(o, 0.1, 10)",
            f"{OWN}s = type('Halving', (lr_scheduler.LRScheduler,), {HALVING})(o); {STEPPED} s.state_dict()",
        )
    ),
    *(
        SGD + program
        for program in (
            "s = lr_scheduler.StepLR(o, 2); s.base_lrs, s.optimizer is o, o",
            "s = lr_scheduler.StepLR(o, 2); s.get_lr()",
            "s = lr_scheduler.StepLR(o, 2); s.step(); s.step()",
            "o.step(); s = lr_scheduler.StepLR(o, 2); s.step()",
            "o.step(); lr_scheduler.StepLR(o, 2); o.step(); s = lr_scheduler.StepLR(o, 2); s.step()",
            "lr_scheduler.StepLR(o, 2, verbose=True)",
            "lr_scheduler.StepLR(o, 2, last_epoch=3)",
            f"s = lr_scheduler.StepLR(o, 0); {STEPPED} 0",
            f"s = lr_scheduler.StepLR(o, 2.5); {STEPPED} s.state_dict()",
            f"s = lr_scheduler.CosineAnnealingLR(o, 0); {STEPPED} 0",
            # To an epoch.
            *(
                f"s = lr_scheduler.{schedule}; o.step(); s.step({epoch}); s.get_last_lr(), s.state_dict()"
                for schedule in (
                    "StepLR(o, 2)",
                    "MultiStepLR(o, [2, 2, 3, 7])",
                    "ExponentialLR(o, 0.5)",
                    "LambdaLR(o, lambda epoch: 1 / (epoch + 1))",
                    "CosineAnnealingLR(o, 8, 0.01)",
                    "OneCycleLR(o, 0.5, 10)",
                    "ConstantLR(o)",
                    "LinearLR(o)",
                )
                for epoch in ("5", "epoch=0", "-1", "'x'")
            ),
            "s = lr_scheduler.ReduceLROnPlateau(o); s.step(2.0, 5); s.state_dict()",
            "s = lr_scheduler.ReduceLROnPlateau(o); s.step(2.0, epoch='x'); s.last_epoch",
            f"s = type('Halving', (lr_scheduler.LRScheduler,), {HALVING})(o); o.step(); s.step(2); s.get_last_lr()",
            # One after the other.
            *(
                f"s = lr_scheduler.SequentialLR({given})"
                for given in (
                    "o, [], []",
                    "o, [3], []",
                    "o, 3, []",
                    "o, [lr_scheduler.LinearLR(o)]",
                    "o, [lr_scheduler.LinearLR(o)], [2]",
                    "o, [lr_scheduler.ReduceLROnPlateau(o)], []",
                    "optim.SGD([p]), [lr_scheduler.LinearLR(o)], []",
                )
            ),
            f"{WARMED}{STEPPED * 4}s.get_last_lr(), s.last_epoch, s.state_dict()",
            f"{WARMED}s.step()",
            f"{WARMED}o.step(); s.step(3)",
            f"{WARMED}{STEPPED}d = s.state_dict(); {WARMED}s.load_state_dict(d); {STEPPED * 3}s.get_last_lr()",
            "lr_scheduler.LinearLR(o, 0)",
            "lr_scheduler.LinearLR(o, 1.5)",
            "lr_scheduler.LinearLR(o, end_factor=-1)",
            "lr_scheduler.LinearLR(o, total_iters=0).step(epoch=3)",
            f"s = lr_scheduler.LinearLR(o, 0.5, 0.25, 2); {STEPPED}s.state_dict()",
            "lr_scheduler.LinearLR(o).get_lr()",
            "lr_scheduler.LinearLR('o')",
            "lr_scheduler.ConstantLR(o, 2)",
            "lr_scheduler.ConstantLR(o, -0.1)",
            f"s = lr_scheduler.ConstantLR(o, 0, 1); {STEPPED}s.get_last_lr()",
            f"s = lr_scheduler.ConstantLR(o, 0.5, 1); {STEPPED}s.state_dict()",
            "lr_scheduler.LRScheduler, type(lr_scheduler.StepLR(o, 2)), lr_scheduler.SequentialLR, optim.SGD",
            "lr_scheduler.LRScheduler(o)",
            "lr_scheduler.LambdaLR(o, [abs, abs])",
            "lr_scheduler.LambdaLR(o, 3)",
            "lr_scheduler.LambdaLR(o, lambda epoch: 0.5).state_dict()",
            "lr_scheduler.LambdaLR(o, abs).state_dict()",
            "lr_scheduler.MultiStepLR(o, 3)",
            "lr_scheduler.MultiStepLR(o, [3, 3, 8]).state_dict()",
            "lr_scheduler.ExponentialLR(o)",
            "lr_scheduler.ExponentialLR(o, 0.5).state_dict()",
            "lr_scheduler.ReduceLROnPlateau(o).state_dict()",
            'lr_scheduler.ReduceLROnPlateau(o, "max", min_lr=[0.1]).state_dict()',
            "lr_scheduler.ReduceLROnPlateau(o, min_lr=[0.1, 0.2])",
            'lr_scheduler.ReduceLROnPlateau(o, "x")',
            "lr_scheduler.ReduceLROnPlateau(o, 3)",
            'lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x")',
            "lr_scheduler.ReduceLROnPlateau(o, factor=1)",
            "lr_scheduler.ReduceLROnPlateau(o).step()",
            'lr_scheduler.ReduceLROnPlateau(o).step("x")',
            "s = lr_scheduler.ReduceLROnPlateau(o); s.step(torch.tensor(2.0)); s.best, s.in_cooldown",
            "lr_scheduler.ReduceLROnPlateau(o).get_lr()",
            "lr_scheduler.OneCycleLR(o, 0.1)",
            "lr_scheduler.OneCycleLR(o, 0.1, 0)",
            'lr_scheduler.OneCycleLR(o, 0.1, "x")',
            "lr_scheduler.OneCycleLR(o, 0.1, epochs=2, steps_per_epoch=0)",
            "lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start=2)",
            'lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start="x")',
            'lr_scheduler.OneCycleLR(o, 0.1, 10, anneal_strategy="x")',
            "lr_scheduler.OneCycleLR(o, [0.1, 0.2], 10)",
            "lr_scheduler.OneCycleLR(o, 0.1, 10, base_momentum=[0.1, 0.2])",
            f"s = lr_scheduler.OneCycleLR(o, 0.1, 1); {STEPPED} {STEPPED} 0",
            f"s = lr_scheduler.StepLR(o, 1); o.add_param_group({{'params': p * 0 + 1}}); {STEPPED} s.get_last_lr()",
        )
    ),
    # A group that came later.
    *(
        f"{SGD}s = lr_scheduler.{schedule}; o.add_param_group({{'params': nn.Parameter(torch.ones(1))}}); "
        f"o.step(); s.step({metric}); s.step({metric}); s.get_last_lr()"
        for schedule, metric in (
            ("StepLR(o, 1)", ""),
            ("LambdaLR(o, lambda epoch: 1 / (epoch + 1))", ""),
            ("ReduceLROnPlateau(o, patience=0)", "1.0"),
            ("ReduceLROnPlateau(o, patience=0, min_lr=[0.01])", "1.0"),
        )
    ),
]
