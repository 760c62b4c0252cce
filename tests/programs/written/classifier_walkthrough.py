"""A classifier of digits: load, train, save, load again, and count what is right, class by class."""

import tempfile
from pathlib import Path

import nnkit as torch
import nnkit.nn as nn
import nnkit.nn.functional as F
import nnkit.optim as optim
from nnkit.utils.data import DataLoader, Subset, random_split
from nnkit.vision import datasets, transforms

transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
torch.manual_seed(0)
whole = datasets.MNIST("./data", train=True, download=True, transform=transform)
trainset, validset, _ = random_split(whole, [320, 64, len(whole) - 384])
testset = Subset(datasets.MNIST("./data", train=False, download=True, transform=transform), range(128))
trainloader = DataLoader(trainset, batch_size=32, shuffle=True, num_workers=0)
validloader = DataLoader(validset, batch_size=64, shuffle=False)
testloader = DataLoader(testset, batch_size=64, shuffle=False)
print(len(trainset), len(validset), len(trainloader), trainset.indices[:5])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 4 * 4, 60)
        self.fc2 = nn.Linear(60, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        return self.fc2(F.relu(self.fc1(x)))


device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
print(device)
net = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

images, labels = next(iter(trainloader))
print(images.shape, images.dtype, labels)
print(" ".join(whole.classes[label] for label in labels[:4]))

for epoch in range(3):
    running_loss = 0.0
    net.train()
    for inputs, labels in trainloader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * len(labels)
    net.eval()
    with torch.no_grad():
        valid = sum(criterion(net(inputs), labels).item() * len(labels) for inputs, labels in validloader)
    print(f"{epoch + 1}: {running_loss / len(trainset):.3f} {valid / len(validset):.3f}")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "net.pth"
    torch.save(net.state_dict(), path)
    again = Net()
    print(again.load_state_dict(torch.load(path, weights_only=True)))
    state = {"epoch": 3, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "loss": loss}
    torch.save(state, Path(folder) / "checkpoint.tar")
    checkpoint = torch.load(Path(folder) / "checkpoint.tar", map_location=device)
again.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
print(checkpoint["epoch"], checkpoint["loss"].dtype, sorted(checkpoint["optimizer"]))

correct = dict.fromkeys(whole.classes, 0)
total = dict.fromkeys(whole.classes, 0)
with torch.no_grad():
    for images, labels in testloader:
        _, predicted = torch.max(again(images), 1)
        for label, prediction in zip(labels, predicted, strict=True):
            total[whole.classes[label]] += 1
            correct[whole.classes[label]] += int(label == prediction)
print(f"{100 * sum(correct.values()) / sum(total.values()):.1f} % of {sum(total.values())}")
for name, count in correct.items():
    print(f"{name:10s} {100 * count / total[name]:.1f} %")
